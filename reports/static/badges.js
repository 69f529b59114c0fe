// Badge snippets with a live preview: of the whole, or of a recipe on a stack.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make } = matrix;
  const data = matrix.take("index");
  const form = document.getElementById("badge"), place = document.getElementById("snippets");
  if (!data || !form) return;

  // On disk the report has no address of its own yet; the snippet then says where one goes.
  const base = location.protocol.startsWith("http") ? new URL(".", location.href).href : "https://<address of your report>/";

  function offerRecipes() {
    const column = data.stacks.findIndex((stack) => stack.id === form.elements.stack.value);
    const chosen = form.elements.recipe.value;
    const known = column < 0 ? [] : data.recipes.filter((recipe, row) => data.grid[row][column]);
    form.elements.recipe.replaceChildren(...known.map((recipe) => make("option", { value: recipe.id }, recipe.id)));
    if (known.some((recipe) => recipe.id === chosen)) form.elements.recipe.value = chosen;
    form.elements.recipe.closest("label").hidden = !known.length;
  }

  function show() {
    offerRecipes();
    const stack = form.elements.stack.value, recipe = form.elements.recipe.value;
    const stem = stack && recipe ? ["badges", stack, ...recipe.split("/")].map(encodeURIComponent).join("/") : "badge";
    const name = stack && recipe ? `${recipe} on ${stack}` : "Isolation Matrix";
    const page = stack && recipe ? `${data.recipes.find((known) => known.id === recipe).page}#${stack}` : "index.html";
    place.replaceChildren(make("p", {}, make("img", { src: `${stem}.svg`, alt: `Preview: ${name}` })),
      snippet("Markdown", `[![${name}](${base}${stem}.svg)](${base}${page})`),
      snippet("HTML", `<a href="${base}${page}"><img src="${base}${stem}.svg" alt="${name}"></a>`),
      snippet("shields.io endpoint", `https://img.shields.io/endpoint?url=${encodeURIComponent(`${base}${stem}.json`)}`));
  }

  const snippet = (title, text) => make("div", {}, make("h3", {}, title), make("div", { class: "command" }, make("code", {}, text), make("button", { type: "button", "data-copy": true }, "Copy")));

  form.elements.stack.append(...data.stacks.filter((stack) => stack.state !== "not run").map((stack) => make("option", { value: stack.id }, stack.label)));
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
