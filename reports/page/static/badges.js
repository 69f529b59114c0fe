// Badge snippets with a live preview: of the whole, of a stack, of a recipe, or of a recipe on a stack.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make } = matrix;
  const data = matrix.take("index");
  const form = document.getElementById("badge"), place = document.getElementById("snippets");
  if (!data || !form) return;

  // On disk the report has no address of its own yet; the snippet then says where one goes.
  const base = location.protocol.startsWith("http") ? new URL(".", location.href).href : "https://<address of your report>/";

  // A badge speaks of what ran: there is none where a word rests on anything that is only shown as reviewed.
  const speaks = (entry) => entry && !entry[6];

  // Only recipes that have a badge on the chosen stack; without a stack, on any.
  function offerRecipes() {
    const column = data.stacks.findIndex((stack) => stack.id === form.elements.stack.value);
    const chosen = form.elements.recipe.value;
    const known = data.recipes.filter((recipe, row) => (column < 0 ? data.grid[row].some(speaks) : speaks(data.grid[row][column])));
    form.elements.recipe.replaceChildren(make("option", { value: "" }, "all recipes"), ...known.map((recipe) => make("option", { value: recipe.id }, recipe.id)));
    if (known.some((recipe) => recipe.id === chosen)) form.elements.recipe.value = chosen;
  }

  function show() {
    offerRecipes();
    const stack = form.elements.stack.value, recipe = form.elements.recipe.value;
    const stem = stack || recipe ? ["badges", ...[stack, ...recipe.split("/")].filter(Boolean)].map(encodeURIComponent).join("/") : "badge";
    const name = [recipe, stack].filter(Boolean).join(" on ") || "Isolation Matrix";
    const page = recipe ? `${data.recipes.find((known) => known.id === recipe).page}${stack ? `#${stack}` : ""}`
      : stack ? data.stacks.find((known) => known.id === stack).page : "index.html";
    place.replaceChildren(make("p", {}, make("img", { src: `${stem}.svg`, alt: `Preview: ${name}` })),
      snippet("Markdown", `[![${name}](${base}${stem}.svg)](${base}${page})`),
      snippet("HTML", `<a href="${base}${page}"><img src="${base}${stem}.svg" alt="${name}"></a>`),
      snippet("shields.io endpoint", `https://img.shields.io/endpoint?url=${encodeURIComponent(`${base}${stem}.json`)}`));
  }

  const snippet = (title, text) => make("div", {}, make("h3", {}, title), make("div", { class: "command" }, make("code", {}, text), make("button", { type: "button", "data-copy": true }, "Copy")));

  form.elements.stack.append(...data.stacks.filter((_, column) => data.grid.some((row) => speaks(row[column]))).map((stack) => make("option", { value: stack.id }, stack.label)));
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
