// The cases in which a recipe is not clean, each with the link to its cell: that page needs script, so its links are made by it.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { recipe } = document.querySelector("[data-recipe]").dataset;

  for (const list of document.querySelectorAll("ul.bad")) {
    list.closest("details").addEventListener("toggle", () => {
      for (const name of list.querySelectorAll("code")) {
        name.replaceWith(matrix.make("a", { href: matrix.linkCell(list.dataset.stack, recipe, name.textContent) }, name.textContent));
      }
    }, { once: true });
  }
})();
