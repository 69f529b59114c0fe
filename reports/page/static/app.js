// What every page has: building elements from data (text only, never markup), copying code, the theme.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const svgSpace = "http://www.w3.org/2000/svg";

  // make("a", {href: "x", class: "y"}, "text", element ...). Strings become text nodes, so data cannot become markup.
  matrix.make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  matrix.draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(svgSpace, tag), attributes, children);

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((child) => child != null && child !== ""));
    return element;
  }

  matrix.root = () => document.body.dataset.root;

  // number: how many cases decided a word; none is written where there is none.
  matrix.mark = (name, origin = "", number = 0) => {
    const [symbol, , style] = matrix.take("index").marks[name] ?? ["?", name, "unknown"];
    return matrix.make("span", { class: `mark ${style} ${origin}`.trim() }, matrix.make("b", { "aria-hidden": "true" }, symbol), number ? ` ${number} ${name}` : ` ${name}`);
  };

  matrix.linkCell = (stack, recipe, test) =>
    `${matrix.root()}cell.html#${[stack, ...recipe.split("/"), test].map(encodeURIComponent).join("/")}`;

  matrix.showTokens = (tokens) => tokens.map(([style, text]) => (style ? matrix.make("span", { class: style }, text) : text));

  // Source code from [class, text] tokens; the text of the element is exactly the file.
  matrix.showCode = (recipe, tokens) => {
    const code = matrix.make("code", {}, matrix.showTokens(tokens));
    const caption = matrix.make("figcaption", {},
      matrix.make("span", { class: "file" }, recipe.path),
      matrix.make("span", { class: "hash", title: recipe.sha256 }, `sha256 ${recipe.sha256.slice(0, 12)}`),
      matrix.make("button", { type: "button", class: "copy", "data-copy": true }, "Copy"));
    return matrix.make("figure", { class: "code" }, caption, matrix.make("pre", { tabindex: "0", "aria-label": recipe.path }, code));
  };

  // Two buttons for a file: the recipe only, or below its wiring; wholes are [label, function that returns the wiring's nodes].
  matrix.offerWhole = (figure, wholes) => {
    const code = figure.querySelector("code");
    const choices = [["Recipe only", () => []], ...wholes];
    const buttons = choices.map(([label, make]) => {
      const button = matrix.make("button", { type: "button", "aria-pressed": String(make === choices[0][1]) }, label);
      button.addEventListener("click", () => {
        code.querySelector(".above")?.remove();
        const above = make();
        if (above.length) code.prepend(matrix.make("span", { class: "above" }, above));
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      });
      return button;
    });
    figure.querySelector("[data-copy]").before(matrix.make("span", { class: "whole", role: "group", "aria-label": "What to copy" }, buttons));
  };

  // Query of the page: names only, empty ones left out, the rest of the address kept.
  matrix.readQuery = () => new URLSearchParams(location.search);
  matrix.writeQuery = (changes) => {
    const query = matrix.readQuery();
    for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
    const text = query.toString();
    history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
  };

  async function copyText(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no clipboard on this origin (file://, plain http): the selection still works
      const area = matrix.make("textarea", { class: "visually-hidden", "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      if (!copied) throw new Error("the browser refused to copy");
    }
  }

  async function answerCopy(button) {
    const text = button.closest("figure, .command").querySelector("code").textContent;
    const label = button.textContent;
    try {
      await copyText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C";
      getSelection().selectAllChildren(button.closest("figure, .command").querySelector("code"));
    }
    button.focus();
    setTimeout(() => { button.textContent = label; }, 1600);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button && button.textContent === "Copy") answerCopy(button);
  });

  // On a narrow screen the views scroll sideways: show which one this is.
  const current = document.querySelector(".top nav [aria-current]");
  if (current) current.parentElement.scrollLeft = current.offsetLeft - current.parentElement.offsetLeft - 60;

  const themes = ["system", "light", "dark"];
  const button = document.querySelector(".theme");

  function showTheme(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = { system: "◑", light: "○", dark: "●" }[theme];
    button.setAttribute("aria-label", `Theme: ${theme === "system" ? "as the system" : theme}`);
    button.title = button.getAttribute("aria-label");
  }

  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? "system";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    showTheme(next);
    try { localStorage.setItem("theme", next); } catch { /* kept for this page only */ }
  });
  showTheme(document.documentElement.dataset.theme ?? "system");

  // A link to a row inside a closed part of the page opens it.
  function revealTarget() {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    const details = target?.closest("details") ?? target?.querySelector("details");
    if (!details) return;
    details.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", revealTarget);
  revealTarget();
})();
