// The complete file, and the cases in which a recipe is not clean, each with the link to its cell: that page needs script, so its links are made by it.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { recipe } = document.querySelector("[data-recipe]").dataset;

  function linkCells(list) {
    for (const name of list.querySelectorAll("code")) {
      name.replaceWith(matrix.make("a", { href: matrix.linkCell(list.dataset.stack, recipe, name.textContent) }, name.textContent));
    }
  }

  // The complete files are in the page, for readers without script; here they become buttons of the recipe's own.
  const wirings = [...document.querySelectorAll("figure.wiring")];
  const copyNodes = (figure) => [...figure.querySelector("code").childNodes].map((node) => node.cloneNode(true));
  if (wirings.length) matrix.offerWhole(document.getElementById("file"), wirings.map((figure) => [figure.dataset.label, () => copyNodes(figure)]));

  for (const list of document.querySelectorAll("ul.bad")) {
    const part = list.closest("details");
    if (part.open) linkCells(list); // a link to its row has opened it before this ran, and its event may be over
    else part.addEventListener("toggle", () => linkCells(list), { once: true });
  }
})();
