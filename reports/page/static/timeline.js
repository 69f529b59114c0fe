// The timeline of a cell as a picture: a lane per connection, an event per row, shapes instead of colours.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const { make, draw } = matrix;
  const rowHeight = 24, laneWidth = 64, timeWidth = 76, top = 44;
  const opening = new Set(["begin", "savepoint"]), ending = new Set(["commit", "rollback", "implicit_commit"]);
  const names = { rollback_to: "ROLLBACK TO SAVEPOINT", implicit_commit: "COMMIT by the server itself", statement: "", checkout: "checkout from the pool", checkin: "back to the pool" };

  const describe = ({ event, text }) => {
    const name = names[event] ?? event.toUpperCase(), plain = (text ?? "").replace(/\s+/g, " ").trim();
    return plain.toUpperCase().startsWith(name) ? plain : [name, plain].filter(Boolean).join(": ");
  };
  const milliseconds = (at) => `${(at * 1000).toFixed(1)} ms`;
  const nameLane = (event) => (event.backend ? `connection ${event.lane} (server process ${event.backend})` : `connection ${event.lane}`);

  // Elements: the picture and the same as a list, which is its text alternative.
  matrix.showTimeline = (events, first) => {
    const id = "timeline-text";
    const list = make("ol", {}, events.map((event, index) => make("li", {}, `${milliseconds(event.at)}, ${event.phase}, ${nameLane(event)}, ${event.source}: ${describe(event)}`,
      index === first ? make("strong", {}, " (the first event that caused the verdict)") : "")));
    const box = make("div", { class: "timeline", role: "region", tabindex: "0", "aria-label": "Timeline" }, drawTimeline(events, first, id));
    return [box, make("p", { class: "hint" }, "○ begins or opens, ● COMMIT, ✕ ROLLBACK, ◇ savepoint, · anything else. Filled: seen by the server. A thick lane is an open transaction."),
      make("details", { id }, make("summary", {}, "The timeline as text"), list)];
  };

  function drawTimeline(events, first, id) {
    const lanes = [...new Set(events.map((event) => event.lane))].sort((a, b) => a - b);
    const rows = placeRows(events);
    const x = (lane) => timeWidth + lanes.indexOf(lane) * laneWidth + laneWidth / 2;
    const textAt = timeWidth + lanes.length * laneWidth + 12;
    const longest = Math.max(24, ...events.map((event) => Math.min(110, describe(event).length + 24)));
    const width = textAt + longest * 7.4, height = top + rows.total * rowHeight + 12;
    return draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Timeline of ${events.length} events on ${lanes.length} connections`, "aria-describedby": id },
      lanes.map((lane) => drawLane(lane, x(lane), height, events, rows)),
      rows.phases.map(({ y, phase }) => drawPhase(phase, y, width)),
      events.map((event, index) => drawEvent(event, x(event.lane), rows.at[index], textAt, index === first)));
  }

  // One row per event and one per change of phase.
  function placeRows(events) {
    const at = [], phases = [];
    let row = 0, phase = null;
    for (const event of events) {
      if (event.phase !== phase) {
        phase = event.phase;
        phases.push({ y: top + row * rowHeight + rowHeight / 2, phase });
        row += 1;
      }
      at.push(top + row * rowHeight + rowHeight / 2);
      row += 1;
    }
    return { at, phases, total: row };
  }

  function drawLane(lane, x, height, events, rows) {
    const backend = events.find((event) => event.lane === lane && event.backend)?.backend;
    const parts = [draw("line", { class: "lane", x1: x, x2: x, y1: top - 4, y2: height - 8 }),
      draw("text", { x, y: 16, "text-anchor": "middle", "font-weight": "700" }, `c${lane}`),
      draw("text", { x, y: 32, "text-anchor": "middle", class: "dim" }, backend ? String(backend) : "")];
    let from = null;
    events.forEach((event, index) => {
      if (event.lane !== lane) return;
      if (event.event === "begin" && from === null) from = rows.at[index];
      if (from !== null && ending.has(event.event)) {
        parts.push(draw("line", { class: "lane open", x1: x, x2: x, y1: from, y2: rows.at[index] }));
        from = null;
      }
    });
    if (from !== null) parts.push(draw("line", { class: "lane open", x1: x, x2: x, y1: from, y2: height - 8 }));
    return draw("g", {}, parts);
  }

  const drawPhase = (phase, y, width) => draw("g", {}, draw("line", { class: "tick", x1: 0, x2: width, y1: y - 8, y2: y - 8 }),
    draw("text", { x: 4, y: y + 6, "font-weight": "700" }, String(phase ?? "")));

  function drawEvent(event, x, y, textAt, isFirst) {
    const text = describe(event), shown = text.length > 110 ? `${text.slice(0, 109)}…` : text;
    return draw("g", { class: isFirst ? "first" : "" }, draw("title", {}, `${milliseconds(event.at)} ${event.source}: ${text}`),
      isFirst ? draw("rect", { x: textAt - 8, y: y - 11, width: (shown.length + 17) * 7.4 + 12, height: 22, rx: 5 }) : "",
      draw("text", { class: "dim", x: timeWidth - 8, y: y + 4, "text-anchor": "end" }, milliseconds(event.at)),
      draw("line", { class: "tick", x1: x + 8, x2: textAt - 10, y1: y, y2: y }),
      drawSign(event, x, y),
      draw("text", { x: textAt, y: y + 4 }, isFirst ? `${shown}  ◀ first event` : shown));
  }

  function drawSign({ event, source }, x, y) {
    const style = `dot ${source === "server" ? "server" : ""}`;
    if (event === "rollback" || event === "rollback_to" || event === "error") {
      return draw("path", { class: "dot", d: `M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x + 5} ${y - 5}L${x - 5} ${y + 5}`, "stroke-width": 2.5 });
    }
    if (event === "savepoint" || event === "release") return draw("path", { class: style, d: `M${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}L${x - 6} ${y}Z` });
    if (ending.has(event)) return draw("circle", { class: "dot server", cx: x, cy: y, r: 6 });
    if (opening.has(event) || event === "checkout") return draw("circle", { class: "dot", cx: x, cy: y, r: 5.5 });
    return draw("circle", { class: style, cx: x, cy: y, r: 3 });
  }
})();
