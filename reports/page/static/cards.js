// The answer for one stack: the cards that Python chose, and below them all its recipes.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make } = matrix;
  const data = matrix.take("index");
  if (!data) return;

  const words = Object.keys(data.marks);
  const origins = ["", "part", "reviewed"]; // how much of a word did not run

  matrix.showAnswer = (stack, family, onlyThisRun) => {
    const column = data.stacks.indexOf(stack), packed = data.cards[column];
    const ran = ({ origin }) => !onlyThisRun || origin !== "reviewed";
    const found = data.order[column].map((row) => read(row, column)).filter((item) => ran(item) && (!family || item.recipe.family === family));
    const cards = (packed[family] ?? packed[""]).map(([roles, row, promises]) => ({ ...read(row, column), roles, promises }))
      .filter((item) => ran(item) && (!family || item.recipe.family === family));
    return [
      cards.length ? make("ul", { class: "choice" }, cards.map((item) => showCard(stack, item)))
        : make("p", {}, found.length ? "No recipe isolates here." : "No recipe of this framework ran on this stack."),
      found.length ? listAll(stack, found) : "",
    ];
  };

  function read(row, column) {
    const [word, , cost, note, bad, number, origin] = data.grid[row][column];
    return { recipe: data.recipes[row], word: words[word], cost, note: data.notes[note], bad, number, origin: origins[origin ?? 0] };
  }

  const link = (stack, recipe) => make("a", { href: `${recipe.page}#${stack.id}` }, recipe.id);
  const bare = "What a test costs in all, its fixtures too: the same test with real commits and no isolation is 1. Less than 1 is cheaper, as where an application or a connection is kept between tests.";
  const tellCost = (cost) => make("span", { class: "cost", title: bare }, cost ? `${cost.toFixed(1)} × a bare test` : "cost not measured yet");
  const tellOrigin = (stack, origin) => (origin && stack.state === "ran" ? make("span", { class: "cost" },
    `${origin === "part" ? "in part " : ""}reviewed${data.reviewed ? ` ${data.reviewed}` : ""}, not run now`) : "");

  function showCard(stack, { recipe, word, origin, number, cost, roles, promises, note }) {
    return make("li", { class: "card" },
      make("p", { class: "role" }, roles.map((role, index) => (index ? data.roles[role].toLowerCase() : data.roles[role])).join(", ")),
      make("h3", {}, link(stack, recipe)),
      make("p", { class: "figures" }, matrix.mark(word, origin), tellCost(cost), make("span", { class: "cost" }, recipe.sizes[stack.product] ? `It grows: ${recipe.sizes[stack.product]}` : ""), make("span", { class: "cost" }, note), tellOrigin(stack, origin)),
      make("p", {}, recipe.title),
      tellPromises(promises, "+", 0, "kept", "✓", "Works: "), tellPromises(promises, "-", 1, "lost", "✗", "But: "),
      make("p", { class: "needs" }, `Your project must already have: ${recipe.needs.join(", ") || "SQLAlchemy and pytest"}.`),
      recipe.settings.length ? make("p", { class: "needs" }, `Settings of pytest that go with it, in pytest.ini: ${recipe.settings.join("; ")}.`) : "",
      recipe.uses.length ? make("p", { class: "needs" }, `Fixtures that it uses: ${recipe.uses.join(", ")}. If your project has them, take the recipe only; if not, the complete file, which makes them.`) : "",
      showFile(stack, recipe));
  }

  function tellPromises(promises, wanted, place, style, symbol, label) {
    const told = data.promises.filter((_, index) => promises[index] === wanted).map((texts) => texts[place]);
    return told.length ? make("p", { class: style }, make("b", { "aria-hidden": "true" }, symbol), make("strong", {}, ` ${label}`), `${told.join("; ")}.`) : "";
  }

  // The text of all recipes is one script, read when the first of them is shown.
  function showFile(stack, recipe) {
    const slot = make("details", { class: "file-of" }, make("summary", {}, "Get the file"));
    slot.addEventListener("toggle", async () => {
      try {
        const code = await matrix.load("code", "", "data/code.js");
        const figure = matrix.showCode(recipe, code.recipes[recipe.id]);
        const wiring = code.wirings.texts[code.wirings.recipes[recipe.id]?.[stack.line]];
        if (wiring) matrix.offerWhole(figure, [["Complete file", () => matrix.showTokens(wiring)]]);
        slot.append(figure);
      } catch (error) {
        slot.append(make("p", {}, `The text could not be loaded: ${error.message}. It is on the recipe's page.`));
      }
    }, { once: true });
    return slot;
  }

  // What does not apply stays last, whatever the list is sorted by; what nobody measured comes after what somebody did.
  const sorts = { word: () => 0, cost: ({ cost }) => cost || Infinity, "what it keeps": ({ bad }) => bad };
  const isLast = ({ word }) => Number(word === "n/a");

  function listAll(stack, found) {
    const body = make("tbody");
    const fill = (key) => body.replaceChildren(...[...found].sort((a, b) => isLast(a) - isLast(b) || compare(key(a), key(b))).map((item) => showRow(stack, item)));
    const choice = make("select", {}, Object.keys(sorts).map((name) => make("option", { value: name }, name)));
    choice.addEventListener("change", () => fill(sorts[choice.value]));
    fill(sorts.word);
    return make("details", { class: "everything" }, make("summary", {}, `All recipes on this stack (${found.length})`),
      make("p", { class: "sort" }, make("label", {}, "Sorted by ", choice)),
      make("table", { class: "list" }, make("thead", {}, make("tr", {}, ["recipe", "word", "cost", "cells lost", "what is lost"].map((text) => make("th", { scope: "col" }, text)))), body));
  }

  const compare = (a, b) => (a === b ? 0 : a < b ? -1 : 1);

  function showRow(stack, { recipe, word, origin, number, cost, bad, note }) {
    const applies = word !== "n/a";
    return make("tr", {}, make("th", { scope: "row" }, link(stack, recipe)), make("td", {}, matrix.mark(word, origin, number)),
      make("td", { class: "number", "data-label": "cost" }, cost && applies ? `${cost.toFixed(1)} ×` : ""),
      make("td", { class: "number", "data-label": "cells lost" }, applies ? String(bad) : ""), make("td", { class: "text why" }, note));
  }
})();
