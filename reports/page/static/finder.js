// Find your fixture: from a stack, chosen or read from dependency files, to a ranked list of recipes.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make, mark } = matrix;
  const data = matrix.take("index");
  const form = document.getElementById("finder");
  if (!data || !form) return;

  const words = Object.keys(data.marks);
  const ready = data.stacks.filter((stack) => stack.state !== "not run");
  const origins = ["", "part", "reviewed"]; // how much of a word did not run
  const lines = [...new Set(data.stacks.map((stack) => stack.line))];
  const fields = ["line", "database", "driver", "family"];
  const good = ["isolates", "isolates, with limits"];

  function offer(name, values, first) {
    form.elements[name].append(make("option", { value: "" }, first), ...values.map(([value, label]) => make("option", { value }, label ?? value)));
  }

  const distinct = (key) => [...new Set(data.stacks.map((stack) => stack[key]))].map((value) => [value]);
  const readForm = () => Object.fromEntries(fields.map((name) => [name, form.elements[name].value]));
  const onlyThisRun = () => form.elements.run?.value === "this";

  // How far a stack is from what was asked: the driver's kind weighs most, then product, driver, line, major version.
  function measure(stack, wanted) {
    let distance = 0;
    if (wanted.line && stack.line !== wanted.line) distance += 6 + 2 * Math.abs(lines.indexOf(stack.line) - lines.indexOf(wanted.line));
    if (wanted.driver && stack.driver !== wanted.driver) distance += 5;
    const other = data.stacks.find((known) => known.driver === wanted.driver);
    if (other && other.asynchronous !== stack.asynchronous) distance += 24;
    if (wanted.family && !appliesTo(stack, wanted.family)) distance += 40;
    if (wanted.database && stack.database !== wanted.database) distance += isProduct(wanted.database, stack.product) ? 2 : 16;
    return distance;
  }

  const appliesTo = (stack, family) => data.recipes.some((recipe, row) => {
    const entry = data.grid[row][data.stacks.indexOf(stack)];
    return recipe.family === family && !recipe.control && entry && words[entry[0]] !== "n/a";
  });
  const isProduct = (database, product) => data.stacks.some((stack) => stack.database === database && stack.product === product);

  function findStack(wanted) {
    const ranked = ready.filter((stack) => !onlyThisRun() || stack.state === "ran").map((stack, index) => ({ stack, distance: measure(stack, wanted), index }));
    ranked.sort((a, b) => a.distance - b.distance || Boolean(a.stack.flavour) - Boolean(b.stack.flavour) || b.index - a.index);
    return ranked[0];
  }

  function listDifferences(stack, wanted) {
    const names = { line: "SQLAlchemy", database: "", driver: "" };
    const found = Object.keys(names).filter((key) => wanted[key] && stack[key] !== wanted[key])
      .map((key) => `${names[key]} ${stack[key]} instead of ${wanted[key]}`.trim());
    return wanted.family && !appliesTo(stack, wanted.family) ? [...found, `no recipe of ${data.families[wanted.family]} applies to it`] : found;
  }

  function rank(stack, family) {
    const column = data.stacks.indexOf(stack);
    const found = data.recipes.map((recipe, row) => ({ recipe, entry: data.grid[row][column] }))
      .filter(({ recipe, entry }) => entry && !recipe.control && (!family || recipe.family === family) && !(onlyThisRun() && entry[5] === 2))
      .map(({ recipe, entry }) => ({ recipe, word: words[entry[0]], origin: origins[entry[5] ?? 0], causes: entry[1], cost: entry[2], note: data.notes[entry[3]], bad: entry[4] }));
    return found.sort((a, b) => words.indexOf(a.word) - words.indexOf(b.word) || a.bad - b.bad || (a.cost || 99) - (b.cost || 99) || (a.recipe.id < b.recipe.id ? -1 : 1));
  }

  function answer() {
    const wanted = readForm();
    matrix.writeQuery(Object.fromEntries(fields.map((name) => [`my-${name}`, wanted[name]])));
    const place = document.getElementById("found");
    if (!wanted.line && !wanted.database && !wanted.driver) { place.replaceChildren(); return; }
    const { stack, distance } = findStack(wanted) ?? {};
    if (!stack) { place.replaceChildren(make("p", {}, "No stack has a result.")); return; }
    const found = rank(stack, wanted.family);
    place.replaceChildren(describeStack(stack, distance, wanted), ...showAnswers(stack, found));
    place.querySelectorAll("[data-code]").forEach((slot, index) => prepareCode(slot, stack, found));
  }

  function describeStack(stack, distance, wanted) {
    const link = make("a", { href: stack.page }, stack.label);
    if (!distance) return make("p", { class: "chosen" }, "Seen on ", link, stack.note ? ` (${stack.note}${stack.state === "reviewed" ? ", not run now" : ""}).` : ".");
    return make("p", { class: "chosen" }, make("strong", {}, "No such stack was run. "), "The nearest is ", link,
      `; what differs: ${listDifferences(stack, wanted).join(", ")}.`);
  }

  function showAnswers(stack, found) {
    const use = found.filter(({ word }) => good.includes(word));
    const avoid = found.filter(({ word }) => !good.includes(word) && word !== "n/a");
    const other = found.filter(({ word }) => word === "n/a");
    const list = (from, to) => make("ol", { class: "answers", start: from + 1 }, use.slice(from, to).map((item, index) => showAnswer(stack, item, from + index)));
    return [
      use.length ? list(0, 3) : make("p", {}, found.length ? "No recipe isolates here." : "No recipe of this framework ran on this stack."),
      use.length > 3 ? make("details", {}, make("summary", {}, `${use.length - 3} more that isolate here`), list(3)) : "",
      avoid.length ? fold(`${avoid.length} that do not isolate here`, avoid, stack) : "",
      other.length ? fold(`${other.length} that do not apply here`, other, stack) : "",
    ];
  }

  function fold(title, items, stack) {
    return make("details", {}, make("summary", {}, title), make("ul", { class: "plain" }, items.map(({ recipe, word, origin, note }) =>
      make("li", {}, make("a", { href: `${recipe.page}#${stack.id}` }, recipe.id), " ", mark(word, origin), " ", make("span", { class: "why" }, note)))));
  }

  const tellOrigin = (stack, origin) => (origin && stack.state === "ran" ? make("span", { class: "cost" },
    `${origin === "part" ? "in part " : ""}reviewed${data.reviewed ? ` ${data.reviewed}` : ""}, not run now`) : "");

  function showAnswer(stack, { recipe, word, origin, causes, cost, note }, index) {
    const limits = causes.map((cause) => make("li", {}, make("a", { href: `causes.html#${data.causes[cause][0]}` }, data.causes[cause][1])));
    return make("li", { class: "answer" }, make("span", { class: "rank", "aria-hidden": "true" }, String(index + 1)), make("div", {},
      make("h3", {}, make("a", { href: `${recipe.page}#${stack.id}` }, recipe.id), mark(word, origin), tellOrigin(stack, origin),
        cost ? make("span", { class: "cost" }, `${cost.toFixed(1)}× the time of a test without isolation`) : ""),
      make("p", {}, recipe.title),
      limits.length ? make("p", {}, make("strong", {}, "What it does not keep:")) : "",
      limits.length ? make("ul", { class: "because" }, limits) : "",
      note ? make("p", { class: "needs" }, `Counted: ${note}.`) : "",
      make("p", { class: "needs" }, `Your project must already have: ${recipe.needs.join(", ") || "SQLAlchemy and pytest"}.`),
      recipe.uses.length ? make("p", { class: "needs" }, `Fixtures that it uses: ${recipe.uses.join(", ")}. If your project has them, take the recipe only.`) : "",
      make("details", { "data-code": recipe.id, open: index === 0 }, make("summary", {}, "The file that was tested"))));
  }

  // The text of all recipes is one script, read when the first answer is shown.
  function showFile(stack, recipe, code) {
    const figure = matrix.showCode(recipe, code.recipes[recipe.id]);
    const wiring = code.wirings.texts[code.wirings.recipes[recipe.id]?.[stack.line]];
    if (wiring) matrix.offerWhole(figure, [["Complete file", () => matrix.showTokens(wiring)]]);
    return figure;
  }

  async function prepareCode(slot, stack, found) {
    const { recipe } = found.find((item) => item.recipe.id === slot.dataset.code);
    const fillIn = async () => {
      if (slot.querySelector("figure")) return;
      try {
        const code = await matrix.load("code", "", "data/code.js");
        if (!slot.querySelector("figure")) slot.append(showFile(stack, recipe, code));
      } catch (error) {
        slot.append(make("p", {}, `The text could not be loaded: ${error.message}. It is on the recipe's page.`));
      }
    };
    slot.addEventListener("toggle", fillIn, { once: true });
    if (slot.open) await fillIn();
  }

  matrix.finder = { form, fields, answer, ready, lines };
  offer("line", lines.map((line) => [line]), "choose");
  offer("database", distinct("database"), "choose");
  offer("driver", distinct("driver"), "choose");
  offer("family", Object.entries(data.families), "any");
  const query = matrix.readQuery();
  for (const name of fields) form.elements[name].value = query.get(`my-${name}`) ?? "";
  for (const name of fields) if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const name of fields) form.elements[name].addEventListener("change", answer);
  form.elements.run?.addEventListener("change", answer);
  answer();
})();
