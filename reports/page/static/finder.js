// Find your fixture: from a stack, chosen or read from dependency files, to the stack that was run and is nearest to it.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make } = matrix;
  const data = matrix.take("index");
  const form = document.getElementById("finder");
  if (!data || !form) return;

  const words = Object.keys(data.marks);
  const ready = data.stacks.filter((stack) => stack.state !== "not run");
  const lines = [...new Set(data.stacks.map((stack) => stack.line))];
  const choices = ["line", "database", "driver", "family"];
  const fields = [...choices, "version"]; // the exact release of SQLAlchemy, when a file or an address names one
  const usual = data.usual.map(([name, column, family]) => ({ name, stack: data.stacks[column], family }));

  function offer(name, values, first) {
    form.elements[name].append(make("option", { value: "" }, first), ...values.map(([value, label]) => make("option", { value }, label ?? value)));
  }

  const readForm = () => Object.fromEntries(fields.map((name) => [name, form.elements[name].value]));
  const onlyThisRun = () => form.elements.run?.value === "this";

  // How far a stack is from what was asked: the family weighs most, then the driver's kind, product, line, driver, major version.
  function measure(stack, wanted) {
    let distance = stack.flavour.split(" ").filter((part) => part && part !== wanted.family).length / 2;
    if (wanted.line && stack.line !== wanted.line) distance += 6 + 2 * Math.abs(lines.indexOf(stack.line) - lines.indexOf(wanted.line));
    if (wanted.driver && stack.driver !== wanted.driver) distance += 5;
    const other = data.stacks.find((known) => known.driver === wanted.driver);
    if (other && other.asynchronous !== stack.asynchronous) distance += 24;
    if (wanted.family && !appliesTo(stack, wanted.family)) distance += 40;
    return distance + (wanted.database ? measureServers(stack.database, wanted.database) : 0);
  }

  // Of one product the nearest major version counts, of two that are equally near the newer; another product is far away.
  function measureServers(database, wanted) {
    if (database === wanted) return 0;
    const [[product, major], [other, asked]] = [database, wanted].map((name) => name.split(" "));
    if (product !== other) return 16;
    const gap = countMajor(major) - countMajor(asked);
    return 2 + Math.min(Math.abs(gap), 9) / 10 + (gap < 0 ? 0.01 : 0);
  }

  const countMajor = (text = "") => text.split(".").reduce((sum, part, place) => sum + (parseInt(part, 10) || 0) / 100 ** place, 0);
  const appliesTo = (stack, family) => data.recipes.some((recipe, row) => {
    const entry = data.grid[row][data.stacks.indexOf(stack)];
    return recipe.family === family && !recipe.control && entry && words[entry[0]] !== "n/a";
  });

  // Of stacks that are equally near, a usual one.
  function findStack(wanted) {
    const order = (stack) => (usual.findIndex((known) => known.stack === stack) + 1) || 99;
    const ranked = ready.filter((stack) => !onlyThisRun() || stack.state === "ran").map((stack, index) => ({ stack, distance: measure(stack, wanted), index }));
    return ranked.sort((a, b) => a.distance - b.distance || order(a.stack) - order(b.stack) || b.index - a.index)[0]?.stack;
  }

  function listDifferences(stack, wanted) {
    const names = { line: "SQLAlchemy", database: "", driver: "" };
    const found = Object.keys(names).filter((key) => wanted[key] && stack[key] !== wanted[key])
      .map((key) => `${names[key]} ${stack[key]} instead of ${wanted[key]}`.trim());
    if (wanted.version && stack.line === wanted.line && stack.sqlalchemy !== wanted.version) found.push(`${nameRelease(stack)} instead of ${wanted.version}`);
    if (wanted.family && !appliesTo(stack, wanted.family)) found.push(`no recipe of ${data.families[wanted.family]} applies to it`);
    return found;
  }

  const nameRelease = ({ sqlalchemy, line }) => (line.startsWith(sqlalchemy) ? `another release of SQLAlchemy ${sqlalchemy}` : `SQLAlchemy ${sqlalchemy}`);

  function answer() {
    const wanted = readForm();
    matrix.writeQuery(Object.fromEntries(fields.map((name) => [`my-${name}`, wanted[name]])));
    const chosen = Object.values(wanted).some(Boolean);
    const first = !chosen && !onlyThisRun() && usual[0];
    const stack = first ? first.stack : findStack(wanted), family = first ? first.family : wanted.family;
    const place = document.getElementById("found");
    if (!stack) place.replaceChildren(make("p", {}, "No stack has a result."));
    else place.replaceChildren(chosen ? describeStack(stack, wanted) : describeUsual(stack), ...matrix.showAnswer(stack, family, onlyThisRun()));
    matrix.chosen = stack && { column: data.stacks.indexOf(stack), family };
    document.dispatchEvent(new Event("chosen"));
  }

  function describeStack(stack, wanted) {
    const link = make("a", { href: stack.page }, stack.label), differences = listDifferences(stack, wanted);
    if (!differences.length) return make("p", { class: "chosen" }, "Seen on ", link, stack.note ? ` (${stack.note}${stack.state === "reviewed" ? ", not run now" : ""}).` : ".");
    return make("p", { class: "chosen" }, make("strong", {}, "No such stack was run. "), "The nearest is ", link, `; what differs: ${differences.join(", ")}.`);
  }

  const describeUsual = (stack) => make("p", { class: "chosen" }, "Most projects have ", make("a", { href: stack.page }, stack.label),
    stack.note ? ` (${stack.note}${stack.state === "reviewed" ? ", not run now" : ""})` : "", ". Choose yours above.");

  // A line of links to what most readers have; each is an address that opens the page with that choice.
  function showUsual() {
    const place = document.getElementById("usual");
    const address = ({ stack, family }) => new URLSearchParams({ "my-line": stack.line, "my-database": stack.database, "my-driver": stack.driver, "my-family": family });
    place.append("Or: ", ...usual.slice(1).flatMap((known, index) => [index ? " · " : "", make("a", { href: `?${address(known)}` }, known.name)]));
    place.hidden = usual.length < 2;
  }

  // An address may name a release of SQLAlchemy as its line, and a server that no stack has.
  function readAddress() {
    const query = matrix.readQuery(), wanted = Object.fromEntries(fields.map((name) => [name, query.get(`my-${name}`) ?? ""]));
    if (/^\d+\.\d+\.\d/.test(wanted.line)) [wanted.version, wanted.line] = [wanted.line, findLine(wanted.line)];
    if (/^(PostgreSQL|MySQL|MariaDB) \d+(\.\d+)?$/.test(wanted.database)) addChoice("database", wanted.database);
    for (const name of choices) form.elements[name].value = wanted[name];
    for (const name of choices) if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
    form.elements.version.value = /^[\w.+!-]{1,40}$/.test(wanted.version) ? wanted.version : "";
  }

  const findLine = (version) => lines.find((line) => line.split(" ")[0] === version.split(".", 2).join(".")) ?? "";

  function addChoice(name, value) {
    const select = form.elements[name];
    if (value && ![...select.options].some((option) => option.value === value)) select.append(make("option", { value }, value));
  }

  matrix.finder = { form, choices, answer, ready, lines, addChoice };
  offer("line", lines.map((line) => [line]), "choose");
  offer("database", data.databases.map((name) => [name]), "choose");
  offer("driver", [...new Set(data.stacks.map((stack) => stack.driver))].map((value) => [value]), "choose");
  offer("family", Object.entries(data.families), "any");
  showUsual();
  readAddress();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.line.addEventListener("change", () => { form.elements.version.value = ""; });
  for (const name of choices) form.elements[name].addEventListener("change", answer);
  form.elements.run?.addEventListener("change", answer);
  answer();
})();
