// One cell: verdict, cause, first event, timeline, exception, residue, and the command that reproduces it.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make, mark } = matrix;
  const data = matrix.take("index");
  const place = document.getElementById("cell");

  // The address is the cell's id: #<stack>/<family>/<recipe>/<case>.
  function readAddress() {
    const parts = location.hash.slice(1).split("/").map((part) => {
      try { return decodeURIComponent(part); } catch { return part; }
    });
    const [stack, family, recipe, ...rest] = parts;
    return {
      stack: data.stacks.find((known) => known.id === stack),
      recipe: data.recipes.find((known) => known.id === `${family}/${recipe}`),
      test: data.cases.find(([id]) => id === rest.join("/")),
      id: parts.join("/"),
    };
  }

  async function show() {
    const { stack, recipe, test, id } = readAddress();
    document.title = `${id || "Cell"} · Isolation Matrix`;
    if (!stack || !recipe || !test) return place.replaceChildren(...explainUnknown(id, stack, recipe, test));
    try {
      const details = stack.state === "reviewed" ? { cells: {}, recipes: {} } : await matrix.load("details", stack.id, `data/${stack.script}`);
      const cells = await matrix.load("cells", stack.id, `data/cells/${stack.script}`);
      if (readAddress().id === id) place.replaceChildren(...showCell({ stack, recipe, test, id }, details, cells));
    } catch (error) {
      place.replaceChildren(make("h1", {}, id), make("p", {}, stack.state === "not run" ? "This stack was not run." : `Its facts could not be loaded: ${error.message}.`));
    }
  }

  function explainUnknown(id, stack, recipe, test) {
    const missing = !id ? "Open a cell from a recipe, a case or a stack." : `These results have no ${!stack ? "stack" : !recipe ? "recipe" : "case"} of that name.`;
    return [make("h1", {}, id || "A cell"), make("p", {}, missing), make("p", {}, make("a", { href: "index.html" }, "To the matrix"))];
  }

  // As a shell takes it: the parameters of a case may hold anything.
  const quote = (name) => (/^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", `'"'"'`)}'`);

  function findVerdict(cells, recipe, test) {
    const line = cells.recipes[recipe.id];
    const sign = line?.[0][cells.cases.indexOf(test[0])];
    return sign === undefined || sign === "_" ? null : cells.verdicts[parseInt(sign, 36)];
  }

  // Where its verdict comes from: "_" this run, "r" the reviewed baseline, else the number of an earlier run.
  function findOrigin(cells, recipe, test) {
    const marks = cells.recipes[recipe.id]?.[2] ?? "_";
    return marks.length === 1 ? marks : marks[cells.cases.indexOf(test[0])];
  }

  function explainOrigin(mark, command) {
    if (mark === "_") return "";
    if (mark !== "r") return make("p", { class: "origin" }, `Ran on ${data.runs[mark.charCodeAt(0) - 256].slice(0, 10)} and kept: nothing that it used has changed since.`);
    return make("div", { class: "origin reviewed" }, make("p", {}, make("strong", {}, `Reviewed${data.reviewed ? ` on ${data.reviewed}` : ""}, not run now.`),
      " Verdict and cause are those of the reviewed baseline; a timeline comes with a run:"), showCommand(command));
  }

  function findCause(cells, recipe, test) {
    return cells.causes[cells.recipes[recipe.id]?.[1][cells.cases.indexOf(test[0])]];
  }

  function showCell(names, details, cells) {
    const { stack, recipe, test } = names;
    const detail = matrix.unpackDetail(details, recipe.id, test[0]);
    const verdict = findVerdict(cells, recipe, test) ?? "n/a", cause = findCause(cells, recipe, test);
    const head = [
      make("nav", { class: "crumbs", "aria-label": "Breadcrumb" }, make("a", { href: stack.page }, stack.id), " / ", make("a", { href: `${recipe.page}#${stack.id}` }, recipe.id), " / ", make("a", { href: test[1] }, test[0])),
      make("h1", {}, test[0]),
      make("p", { class: "lead" }, `${test[2].replace(/\.$/, "")}. Under `, make("code", {}, recipe.id), ` on ${stack.label}.`),
    ];
    const command = `nox -s "stack(${stack.id})" -- --recipe ${quote(recipe.id)} --case ${quote(test[0])}`;
    const origin = findOrigin(cells, recipe, test);
    if (origin === "r") return [...head, showVerdict({ verdict, cause, origin }), explainOrigin(origin, command)];
    const body = detail ? showDetail({ ...detail, verdict, cause, unlogged: details.recipes[recipe.id]?.unlogged }) : [make("p", { class: "verdict-row" }, mark(verdict)), make("p", {}, explainPlain(verdict, stack, recipe))];
    return [...head, body[0], explainOrigin(origin), ...body.slice(1), make("h2", {}, "Reproduce it"), showCommand(command)];
  }

  function explainPlain(verdict, stack, recipe) {
    if (verdict === "isolates") return "Every assert held as in production, and the witness found the database as it was.";
    const entry = data.grid[data.recipes.indexOf(recipe)][data.stacks.indexOf(stack)];
    return entry ? data.notes[entry[3]] || "No facts were recorded for it." : "No result.";
  }

  const showCommand = (command) => make("div", { class: "command" }, make("code", {}, command), make("button", { type: "button", "data-copy": true }, "Copy"));

  function showVerdict({ verdict, cause: id, origin }) {
    const cause = data.causes.find(([known]) => known === id);
    const why = cause ? make("span", {}, "Cause: ", make("a", { href: `causes.html#${encodeURIComponent(cause[0])}` }, cause[1]))
      : origin === "r" ? "" : verdict === "isolates" ? explainPlain("isolates") : "No cause explains it yet.";
    return make("p", { class: "verdict-row" }, mark(verdict, origin === "r" ? "reviewed" : ""), why);
  }

  function showDetail(detail) {
    return [
      showVerdict(detail),
      detail.reason ? make("p", {}, detail.reason) : "",
      detail.proof ? make("p", {}, make("strong", {}, "First event: "), detail.proof.text) : "",
      detail.passes.length ? make("p", {}, `First run: ${detail.passes[0]}; confirmation: ${detail.passes[1]}.`) : "",
      ...showTimeline(detail), ...showEnd(detail), ...showErrors(detail), ...showResidue(detail), ...showPhases(detail),
    ].filter(Boolean);
  }

  const nameSource = (pass, unlogged) => (pass !== "confirmation" ? "From the first run." : unlogged ? `From the confirmation run. The server's own statement log is missing: ${unlogged}.` : "From the confirmation run, with the server's own statement log.");

  const showTimeline = ({ timeline, proof, pass, unlogged }) => (timeline.length
    ? [make("h2", {}, "Timeline"), make("p", { class: "hint" }, nameSource(pass, unlogged)), ...matrix.showTimeline(timeline, proof?.timeline ?? -1)] : []);

  function showEnd({ hang, crash }) {
    const parts = [];
    if (hang) parts.push(make("h2", {}, "Hang"), make("p", {}, `Ended after ${hang.after_s} s (${hang.reason}): ${hang.step}. ${hang.waiter ? `Server process ${hang.waiter} waited for ${hang.holders.join(", ")}: ${hang.what}.` : ""}`));
    if (crash) parts.push(make("h2", {}, "Crash"), make("p", {}, `The process ended during ${crash.phase} with ${crash.signal ? `signal ${crash.signal}` : `exit code ${crash.exit_code}`}.`), crash.output ? make("pre", { tabindex: "0", "aria-label": "last output" }, crash.output) : "");
    return parts;
  }

  const showErrors = ({ errors }) => (errors.length ? [make("h2", {}, errors.length === 1 ? "Exception" : "Exceptions"), ...errors.map((error) => make("div", { class: "error" },
    make("p", {}, make("strong", {}, error.assertion ? "An assert about production failed" : error.type), ` in ${error.phase}${error.where ? `, ${error.where}` : ""}`),
    make("p", {}, make("code", {}, error.message)),
    error.traceback ? make("details", {}, make("summary", {}, "Traceback"), make("pre", { tabindex: "0", "aria-label": "traceback" }, error.traceback)) : ""))] : []);

  function showResidue({ residue, process, drift, repair }) {
    const all = [...residue, ...process];
    const before = make("p", {}, "Before: the baseline was proven, nothing of an earlier cell was there.");
    const parts = [make("h2", {}, "Residue"), before, make("p", {}, all.length ? "After:" : "After: nothing remained.")];
    if (all.length) parts.push(listResidue(all));
    if (repair) parts.push(make("p", {}, `Restored for the next cell: ${repair}.`));
    if (drift.length) parts.push(make("p", { class: "hint" }, `Not a failure, but seen: ${drift.map((item) => `${item.kind.replaceAll("_", " ")} ${item.object}`).join(", ")}.`));
    return parts;
  }

  function listResidue(items) {
    const head = ["What", "Object", "How many", "Detail", "Seen by"].map((text) => make("th", { scope: "col", role: "columnheader" }, text));
    const rows = items.map((item) => make("tr", { role: "row" }, [item.kind.replaceAll("_", " "), item.object, String(item.count ?? 1), item.detail, item.seen_by ?? "probe"].map((text) => make("td", { role: "cell" }, text ?? ""))));
    return make("div", { class: "scroll wide", role: "region", tabindex: "0", "aria-label": "Residue" }, make("table", { class: "list", role: "table" }, make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, head)), make("tbody", { role: "rowgroup" }, rows)));
  }

  const showPhases = ({ phases, duration_s: seconds }) => [make("h2", {}, "Phases"), make("p", {},
    `${["setup", "call", "teardown"].map((name) => `${name} ${phases[name] ?? "not reached"}`).join(", ")}; ${(seconds * 1000).toFixed(1)} ms.`)];

  if (data) {
    addEventListener("hashchange", show);
    show();
  }
})();
