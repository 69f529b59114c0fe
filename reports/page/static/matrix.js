// Filters of the matrix. The state is in the query of the address, by name; what is hidden is only hidden, never gone.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const data = matrix.take("index");
  const form = document.getElementById("filters");
  const grid = matrix.grids.find((found) => found.table.id === "words");
  if (!data || !grid) return;

  const wordNames = Object.keys(data.marks);
  const fields = ["family", "line", "database", "driver", "word", "cause", "run", "cells"];
  const cells = grid.body.map((row) => [...row.cells].slice(1));
  const heads = [...grid.names.cells];
  const columnMarks = [...grid.table.querySelectorAll("col:not(.first)")];
  const groups = describeGroups(grid.table.tHead.rows[0]);
  const edges = cells.map(() => groups.map((group) => group.edge));
  let later = 0;
  const sections = [...grid.table.tBodies].map((part) => ({ part, title: part.querySelector(".section th"), rows: [...part.rows].filter((row) => row.dataset.id) }));

  // The headers of the SQLAlchemy lines with the columns that each spans.
  function describeGroups(row) {
    let from = 0;
    return [...row.cells].filter((cell) => !cell.classList.contains("corner")).map((cell) => {
      const group = { cell, from, to: from + cell.colSpan, edge: from };
      from = group.to;
      return group;
    });
  }

  function offer(name, pairs) {
    const select = form.elements[name];
    for (const [value, label] of pairs) select.append(matrix.make("option", { value }, label ?? value));
  }

  const distinct = (values) => [...new Set(values)].map((value) => [value]);

  function offerAll() {
    offer("family", [["all"], ...Object.entries(data.families)]);
    for (const name of ["line", "database", "driver"]) offer(name, distinct(data.stacks.map((stack) => stack[name])));
    const used = new Set(data.grid.flat().filter(Boolean).map((entry) => entry[0]));
    offer("word", wordNames.filter((_, index) => used.has(index)).map((name) => [name]));
    offer("cause", data.causes);
  }

  const readForm = () => Object.fromEntries(fields.map((name) => [name, form.elements[name].value]));

  function writeForm(query) {
    for (const name of fields) {
      const select = form.elements[name], value = query.get(name) ?? "";
      select.value = [...select.options].some((option) => option.value === value) ? value : "";
    }
  }

  function showsStack(stack, state) {
    return ["line", "database", "driver"].every((name) => !state[name] || stack[name] === state[name])
      && (state.run !== "this" || stack.state === "ran");
  }

  function matches(entry, state) {
    if (!state.word && !state.cause && !state.run) return true;
    if (!entry || (state.run === "this" && entry[6] === 2)) return false;
    return (!state.word || wordNames[entry[0]] === state.word)
      && (!state.cause || entry[1].some((index) => data.causes[index][0] === state.cause));
  }

  const applies = (entry) => entry && wordNames[entry[0]] !== "n/a";

  // No family chosen: the recipes that apply to the finder's stack, of its family when it has one.
  function showsRecipe(recipe, r, { family }) {
    if (family || !matrix.chosen) return !family || family === "all" || recipe.family === family;
    return applies(data.grid[r][matrix.chosen.column]) && (!matrix.chosen.family || recipe.family === matrix.chosen.family);
  }

  // The columns are those on which something that is shown runs.
  function decide(state) {
    const narrowed = Boolean(state.word || state.cause || state.run);
    const hits = data.grid.map((row) => row.map((entry) => matches(entry, state)));
    let columns = data.stacks.map((stack) => showsStack(stack, state));
    const rows = data.recipes.map((recipe, r) => showsRecipe(recipe, r, state) && (!narrowed || hits[r].some((hit, c) => hit && columns[c])));
    if (narrowed) columns = columns.map((shown, c) => shown && hits.some((row, r) => rows[r] && row[c]));
    else if (state.family !== "all") columns = columns.map((shown, c) => shown && data.grid.some((row, r) => rows[r] && applies(row[c])));
    return { rows, columns, hits, width: columns.filter(Boolean).length };
  }

  // Rows that fit the window change at once; those below it follow in small steps, so that a filter answers quickly.
  function apply({ whole = false } = {}) {
    const state = readForm(), view = decide(state);
    const shown = data.recipes.map((_, r) => r).filter((r) => view.rows[r]);
    const first = whole ? shown.length : Math.max(6, Math.ceil(measureRoom() / 34) + 1);
    const now = new Set(shown.slice(0, first));
    clearTimeout(later);
    if (shown.length > first) grid.table.closest(".scroll").scrollTop = 0;
    grid.body.forEach((row, r) => { row.hidden = !now.has(r); });
    heads.forEach((cell, c) => { cell.hidden = columnMarks[c].hidden = !view.columns[c]; });
    for (const group of groups) span(group, view.columns);
    for (const { title } of sections) title.colSpan = 1 + view.width; // more would be columns of their own
    showRows([...now], view);
    report(state, view);
    showLater(shown.slice(first), view);
  }

  // Pixels of the window that rows can have now: below the box's top, or its 80 when it is scrolled to, and the 190 of its head.
  function measureRoom() {
    return innerHeight - Math.max(80, grid.table.closest(".scroll").getBoundingClientRect().top) - 190;
  }

  function showRows(list, { columns, hits }) {
    for (const r of list) {
      cells[r].forEach((cell, c) => {
        if (cell.hidden === columns[c]) cell.hidden = !columns[c];
        const muted = columns[c] && !hits[r][c];
        if (cell.classList.contains("muted") !== muted) cell.classList.toggle("muted", muted);
      });
      moveEdges(r);
      grid.body[r].hidden = false;
    }
    for (const { part, rows } of sections) part.hidden = rows.every((row) => row.hidden);
  }

  function showLater(left, view) {
    if (!left.length) return;
    later = setTimeout(() => {
      showRows(left.slice(0, 12), view);
      showLater(left.slice(12), view);
    });
  }

  function span(group, columns) {
    const shown = columns.slice(group.from, group.to).filter(Boolean).length;
    group.cell.hidden = !shown;
    if (!shown) return;
    group.cell.colSpan = shown;
    const edge = columns.indexOf(true, group.from);
    if (edge === group.edge) return;
    moveEdge(heads, group.edge, edge);
    group.edge = edge;
  }

  function moveEdge(line, from, to) {
    line[from].classList.remove("edge");
    line[to].classList.add("edge");
  }

  // A row's own edges follow when it is shown: a hidden row costs a filter nothing.
  function moveEdges(row) {
    groups.forEach((group, place) => {
      if (edges[row][place] !== group.edge) moveEdge(cells[row], edges[row][place], group.edge);
      edges[row][place] = group.edge;
    });
  }

  function report(state, { rows, columns, width }) {
    matrix.setDensity(grid.table, width, state.cells);
    for (const name of fields) form.elements[name].closest("label").classList.toggle("set", Boolean(state[name]));
    const count = rows.filter(Boolean).length;
    document.getElementById("count").value = count && width
      ? `${count} of ${rows.length} recipes, ${width} of ${columns.length} stacks` : "Nothing matches: clear a filter";
    matrix.writeQuery(state);
  }

  // The finder's stack is marked, and in view on a narrow screen.
  function showChosen() {
    const { column } = matrix.chosen ?? {};
    heads.forEach((cell, c) => { if (cell.classList.contains("mine") !== (c === column)) cell.classList.toggle("mine", c === column); });
    const head = heads[column], box = grid.table.closest(".scroll");
    if (head && !head.hidden) box.scrollLeft = head.offsetLeft + head.offsetWidth > box.clientWidth ? head.offsetLeft - box.clientWidth / 2 : 0;
  }

  // ?stack=<id> and ?recipe=<id> point at a column, a row or a cell; a filter that hides it is taken back.
  function pointAt(query) {
    const column = data.stacks.findIndex((stack) => stack.id === query.get("stack"));
    const row = data.recipes.findIndex((recipe) => recipe.id === query.get("recipe"));
    if (column < 0 && row < 0) return;
    const hides = (state) => {
      const { rows, columns } = decide(state);
      return (column >= 0 && !columns[column]) || (row >= 0 && !rows[row]);
    };
    const take = (name) => { form.elements[name].value = name === "family" ? "all" : ""; };
    for (const name of fields) if (hides({ family: "all", [name]: form.elements[name].value })) take(name);
    for (const name of fields) if (hides(readForm())) take(name);
    apply({ whole: true });
    const target = row < 0 ? heads[column] : column < 0 ? grid.body[row].cells[0] : cells[row][column];
    matrix.focusCell(target);
  }

  offerAll();
  writeForm(matrix.readQuery());
  apply({ whole: true });
  pointAt(matrix.readQuery());
  showChosen();
  document.addEventListener("chosen", () => { apply(); showChosen(); });
  form.addEventListener("change", () => apply());
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => apply()));
  let resizing = 0;
  addEventListener("resize", () => { cancelAnimationFrame(resizing); resizing = requestAnimationFrame(() => apply({ whole: true })); });
})();
