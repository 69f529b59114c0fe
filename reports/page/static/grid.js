// Tables of marks: one tab stop per table, arrow keys inside, and the column under the pointer or the focus is shown.
"use strict";
(() => {
  const matrix = window.isolationMatrix;

  // Symbols alone when the words would not fit; the words stay there for those who listen.
  matrix.setDensity = (table, columns, choice) => {
    const symbols = choice === "symbols" || (!choice && columns * 56 + 264 > room);
    table.classList.toggle("symbols", symbols);
    table.classList.add("fixed");
    table.style.width = `calc(var(--first) + ${columns} * var(${symbols ? "--unit" : "--word"}))`;
  };
  // Read once per size of the window: reading it while cells change would make the browser lay out twice.
  let room = document.querySelector("main").clientWidth;
  addEventListener("resize", () => { room = document.querySelector("main").clientWidth; });

  function equip(table) {
    const names = table.tHead.rows[table.tHead.rows.length - 1];
    const body = [...table.tBodies].flatMap((part) => [...part.rows]).filter((row) => row.dataset.id);
    const rows = [names, ...body];
    const grid = { table, names, body, lit: -1, row: null };
    table.setAttribute("role", "grid");
    linkCells(table, names, body);
    matrix.setDensity(table, names.cells.length, "");
    for (const link of table.querySelectorAll(".names a, tbody a")) link.tabIndex = -1;
    for (const word of table.querySelectorAll("td i")) word.parentElement.setAttribute("aria-label", tellWord(word));
    const first = body[0] && findTarget(cellAt(names, body[0], 0));
    if (first) first.tabIndex = 0;
    table.addEventListener("keydown", (event) => move(event, grid, rows));
    table.addEventListener("pointerover", (event) => light(grid, event.target));
    table.addEventListener("pointerleave", () => light(grid, null));
    table.addEventListener("focusin", (event) => enter(grid, event.target));
    return grid;
  }

  // A cell's page needs script, so its links are made by script: of the table's own name, the row's and the column's.
  const silent = ["isolates", "na", "notrun"];
  function linkCells(table, names, body) {
    const { stack, recipe, case: test } = table.dataset;
    if (!stack && !recipe && !test) return;
    const columns = [...names.cells].map((head) => head.dataset.id);
    for (const row of body) {
      columns.forEach((column, place) => {
        const cell = row.cells[place + 1], [verdict] = cell.classList;
        if (!cell.firstChild || silent.includes(verdict)) return;
        const address = stack ? [stack, row.dataset.id, column] : recipe ? [column, recipe, row.dataset.id] : [column, row.dataset.id, test];
        cell.append(matrix.make("a", { href: matrix.linkCell(...address) }, [...cell.childNodes]));
      });
    }
  }

  // As it is seen: the number, when there is one, and the word.
  const tellWord = (word) => `${word.previousSibling.textContent.replace(/\D/g, "")} ${word.textContent}`.trim() + tellOrigin(word.closest("td").classList);
  const tellOrigin = (classes) => (classes.contains("reviewed") ? ", reviewed, not run now" : classes.contains("part") ? ", in part reviewed" : "");

  // The header row has no cell of its own in the first column: the corner spans all header rows.
  const cellAt = (names, row, column) => row.cells[row === names ? column - 1 : column];
  const findTarget = (cell) => cell?.querySelector("a") ?? cell;

  function columnOf(element) {
    const cell = element.closest?.("td, th");
    if (!cell) return -1;
    const row = cell.parentElement;
    if (row.classList.contains("names")) return cell.cellIndex + 1;
    return row.dataset.id ? cell.cellIndex : -1;
  }

  // Classes and not :hover: style rules that watch thousands of cells would slow every filter down.
  function light(grid, element) {
    const column = element ? columnOf(element) : -1, row = element?.closest?.("tr[data-id]") ?? null;
    if (row !== grid.row) {
      grid.row?.classList.remove("lit-row");
      row?.classList.add("lit-row");
      grid.row = row;
    }
    if (column === grid.lit) return;
    for (const [place, on] of [[grid.lit, false], [column, true]]) {
      if (place < 1) continue;
      grid.names.cells[place - 1]?.classList.toggle("lit", on);
      for (const row of grid.body) row.cells[place]?.classList.toggle("lit", on);
    }
    grid.lit = column;
  }

  function enter(grid, element) {
    light(grid, element);
    grid.table.querySelector('tbody [tabindex="0"], .names [tabindex="0"]')?.setAttribute("tabindex", "-1");
    if (element !== grid.table) element.tabIndex = 0;
  }

  const steps = {
    ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0],
    PageDown: [10, 0], PageUp: [-10, 0],
  };

  function move(event, grid, rows) {
    if (event.altKey || event.metaKey) return;
    const cell = event.target.closest("td, th");
    const shown = rows.filter((row) => row.offsetParent !== null);
    const at = shown.indexOf(cell?.parentElement);
    if (at < 0) return;
    const next = findNext(event, shown, at, columnOf(cell), grid.names);
    if (!next) return;
    event.preventDefault();
    focusCell(next);
  }

  function findNext(event, shown, at, column, names) {
    const last = shown[at].cells.length - (shown[at] === names ? 0 : 1);
    const home = event.key === "Home", end = event.key === "End";
    if (home || end) {
      const row = event.ctrlKey ? shown[home ? 1 : shown.length - 1] : shown[at];
      return seek(names, row, home ? 0 : last, home ? 1 : -1, last);
    }
    const step = steps[event.key];
    if (!step || event.ctrlKey) return null;
    if (step[1]) return seek(names, shown[at], column + step[1], step[1], last);
    const row = shown[Math.max(0, Math.min(shown.length - 1, at + step[0]))];
    return cellAt(names, row, column);
  }

  function seek(names, row, column, step, last) {
    for (; column >= 0 && column <= last; column += step) {
      const cell = cellAt(names, row, column);
      if (cell && !cell.hidden) return cell;
    }
    return null;
  }

  function focusCell(cell) {
    const target = findTarget(cell);
    if (target === cell) cell.tabIndex = -1;
    target.focus({ preventScroll: true });
    reveal(cell);
  }

  // Scrolls so that the cell is not under the sticky header or the sticky first column.
  function reveal(cell) {
    const table = cell.closest("table"), box = table.closest(".scroll");
    const inner = box.getBoundingClientRect(), outer = cell.getBoundingClientRect();
    const top = inner.top + table.tHead.offsetHeight, left = inner.left + table.querySelector("tbody th[scope=row]").offsetWidth;
    const sticky = cell.matches("th[scope=row]");
    if (!cell.closest("thead")) box.scrollTop += Math.min(0, outer.top - top) + Math.max(0, outer.bottom - inner.bottom + 16);
    if (!sticky) box.scrollLeft += Math.min(0, outer.left - left) + Math.max(0, outer.right - inner.right + 16);
    box.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  matrix.focusCell = focusCell;
  matrix.grids = [...document.querySelectorAll("table.grid")].map(equip);
})();
