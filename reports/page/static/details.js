// Undoes reports/page/packing.py: the details of one cell, from places in the tables of its stack.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const ticks = 10_000; // per second

  matrix.unpackDetail = (details, recipe, test) => {
    const packed = details.cells[recipe]?.[test];
    if (!packed) return null;
    const [places, [duration, ...steps], processes] = packed;
    const detail = Object.fromEntries(details.fields.map((name, index) => [name, details.tables[index][places[index] ?? 0]]));
    const [first, says] = detail.proof ?? [];
    return {
      ...detail,
      duration_s: duration / ticks,
      timeline: unpackTimeline(detail.timeline.map((place) => details.events[place]), steps, pairUp(processes)),
      errors: detail.errors.map((error) => ({ ...error, traceback: error.traceback.map((place) => details.lines[place]).join("\n") })),
      proof: detail.proof && { timeline: first, text: says },
    };
  };

  function unpackTimeline(events, steps, backends) {
    let at = 0;
    return events.map(([lane, source, event, text, phase], index) => {
      at += steps[index];
      return { at: at / ticks, lane, backend: backends.get(lane), source, event, text, phase };
    });
  }

  function pairUp(numbers) {
    const pairs = new Map();
    for (let place = 0; place < numbers.length; place += 2) pairs.set(numbers[place], numbers[place + 1]);
    return pairs;
  }
})();
