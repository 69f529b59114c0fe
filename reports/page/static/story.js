// Timelines of a story's cells: drawn when the part of the page that holds one is opened.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const name = location.pathname.split("/").pop().replace(/\.html$/, "");
  const found = matrix.take("story", decodeURIComponent(name));
  if (!found) return;

  for (const place of document.querySelectorAll("[data-timeline]")) {
    place.addEventListener("toggle", () => {
      const { timeline, proof } = found[place.dataset.timeline];
      place.append(...matrix.showTimeline(timeline, proof?.timeline ?? -1));
    }, { once: true });
  }
})();
