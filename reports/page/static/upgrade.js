// Two stacks side by side: which cells of which recipe change, and for which cause.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make, mark } = matrix;
  const data = matrix.take("index");
  const form = document.getElementById("upgrade");
  const place = document.getElementById("changes");
  if (!data) return;

  const words = Object.keys(data.marks);
  const ready = data.stacks.filter((stack) => stack.state !== "not run");
  const silent = new Set(["n/a", "not run", "infrastructure"]);

  function offer() {
    for (const name of ["from", "to"]) {
      for (const line of new Set(ready.map((stack) => stack.line))) {
        const group = ready.filter((stack) => stack.line === line);
        form.elements[name].append(make("optgroup", { label: `SQLAlchemy ${line}` }, group.map((stack) => make("option", { value: stack.id }, `${line}, ${stack.driver}, ${stack.database}`))));
      }
    }
    form.elements.recipe.append(...data.recipes.map((recipe) => make("option", { value: recipe.id }, recipe.id)));
  }

  // Without names in the address: the newest pair that differs in the line alone.
  function choose(query) {
    const known = (id) => ready.find((stack) => stack.id === id);
    const pairs = ready.flatMap((from) => ready.filter((to) => to !== from && to.driver === from.driver && to.database === from.database && to.line !== from.line).map((to) => [from, to]));
    const usual = pairs.find(([from, to]) => from.line.startsWith("1.4") && to.line === "2.0") ?? pairs[0] ?? [ready[0], ready.at(-1)];
    form.elements.from.value = (known(query.get("from")) ?? usual[0])?.id ?? "";
    form.elements.to.value = (known(query.get("to")) ?? usual[1])?.id ?? "";
    form.elements.recipe.value = data.recipes.some((recipe) => recipe.id === query.get("recipe")) ? query.get("recipe") : "";
  }

  async function compare() {
    const from = ready.find((stack) => stack.id === form.elements.from.value), to = ready.find((stack) => stack.id === form.elements.to.value);
    if (!from || !to) return place.replaceChildren(make("p", {}, "Two stacks with results are needed."));
    matrix.writeQuery({ from: from.id, to: to.id, recipe: form.elements.recipe.value });
    try {
      const [before, after] = await Promise.all([from, to].map((stack) => matrix.load("cells", stack.id, `data/cells/${stack.script}`)));
      place.replaceChildren(...show(from, to, before, after));
    } catch (error) {
      place.replaceChildren(make("p", {}, `The cells could not be loaded: ${error.message}.`));
    }
  }

  function readCell(cells, recipe, index) {
    const [line, why] = cells.recipes[recipe] ?? ["", {}];
    const sign = line[index];
    if (!sign || sign === "_") return null;
    return { verdict: cells.verdicts[parseInt(sign, 36)], cause: why[index] === undefined ? "" : cells.causes[why[index]] };
  }

  function findChanges(recipe, before, after) {
    const changes = [];
    let compared = 0;
    before.cases.forEach((test, index) => {
      const old = readCell(before, recipe.id, index), now = readCell(after, recipe.id, after.cases.indexOf(test));
      if (!old || !now || silent.has(old.verdict) || silent.has(now.verdict)) return;
      compared += 1;
      if (old.verdict !== now.verdict || old.cause !== now.cause) changes.push({ test, old, now });
    });
    return { recipe, changes, compared };
  }

  function show(from, to, before, after) {
    const only = form.elements.recipe.value;
    const found = data.recipes.filter((recipe) => (!only || recipe.id === only)).map((recipe) => findChanges(recipe, before, after));
    const compared = found.reduce((sum, item) => sum + item.compared, 0), changed = found.reduce((sum, item) => sum + item.changes.length, 0);
    const moved = found.filter((item) => item.changes.length || wordOf(item.recipe, from) !== wordOf(item.recipe, to));
    const same = found.filter((item) => item.compared && !moved.includes(item));
    return [make("p", { class: "lead" }, changed ? `${changed} of ${compared} cells that both stacks have change.` : `None of the ${compared} cells that both stacks have changes.`),
      ...moved.filter((item) => item.changes.length).map((item) => showRecipe(item, from, to)),
      showWords(moved.filter((item) => !item.changes.length), from, to),
      same.length ? make("p", { class: "hint" }, `Unchanged: ${same.map((item) => item.recipe.id).join(", ")}.`) : ""].filter(Boolean);
  }

  function wordOf(recipe, stack) {
    const entry = data.grid[data.recipes.indexOf(recipe)][data.stacks.indexOf(stack)];
    return entry ? words[entry[0]] : "not run";
  }

  function noteOf(recipe, stack) {
    const entry = data.grid[data.recipes.indexOf(recipe)][data.stacks.indexOf(stack)];
    return entry ? data.notes[entry[3]] : "";
  }

  // Recipes whose word changes although no cell can be compared: they apply to one of the two stacks only.
  function showWords(items, from, to) {
    if (!items.length) return "";
    return make("section", { "aria-label": "Recipes that apply to one of the two" }, make("h2", {}, "Apply to one of the two"),
      make("ul", { class: "changes" }, items.map(({ recipe }) => make("li", {}, make("a", { href: recipe.page }, recipe.id), ": ",
        mark(wordOf(recipe, from)), " → ", mark(wordOf(recipe, to)), " ", make("span", { class: "why" }, explainSilence(recipe, from, to))))));
  }

  const explainSilence = (recipe, from, to) => (silent.has(wordOf(recipe, to)) ? noteOf(recipe, to) : silent.has(wordOf(recipe, from)) ? noteOf(recipe, from) : "");

  function showRecipe({ recipe, changes }, from, to) {
    const was = wordOf(recipe, from), is = wordOf(recipe, to);
    return make("section", { "aria-label": recipe.id }, make("h2", {}, make("a", { href: recipe.page }, recipe.id)),
      make("p", { class: "verdict-row" }, mark(was), "→", mark(is), make("span", { class: "why" }, `${changes.length} ${changes.length === 1 ? "case changes" : "cases change"}`)),
      make("ul", { class: "changes" }, changes.map((change) => showChange(recipe, change, from, to))));
  }

  function showChange(recipe, { test, old, now }, from, to) {
    const titles = [old.cause, now.cause].map((id) => data.causes.find(([known]) => known === id)?.[1] ?? "");
    const why = titles[0] && titles[1] && titles[0] !== titles[1] ? `${titles[0]} → ${titles[1]}` : titles[1] || titles[0];
    return make("li", {}, make("code", {}, test), ": ", make("a", { href: matrix.linkCell(from.id, recipe.id, test) }, mark(old.verdict)), " → ",
      make("a", { href: matrix.linkCell(to.id, recipe.id, test) }, mark(now.verdict)), " ", make("span", { class: "why" }, why));
  }

  offer();
  choose(matrix.readQuery());
  form.addEventListener("change", compare);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("swap").addEventListener("click", () => {
    const { from, to } = form.elements;
    [from.value, to.value] = [to.value, from.value];
    compare();
  });
  compare();
})();
