// Which examples a state of the page shows, and in which order.

const Selection = (() => {
  const NAMES = ["split", "class", "suggested", "verdict", "flag", "find", "ranges", "lasso"];

  /** Ranges of scores in the address: `aum:-3.5:0.2,loss:1:` as [name, low, high] triples; an end that is left out is open. */
  function ranges(state) {
    return (state.ranges ?? "").split(",").filter(Boolean).map((part) => {
      const [name, low = "", high = ""] = part.split(":");
      return [name, end(low, -Infinity), end(high, Infinity)];
    }).filter(([, ...ends]) => ends.some(Number.isFinite));
  }

  const end = (text, open) => (text === "" || Number.isNaN(Number(text)) ? open : Number(text));
  const rangesText = (list) => list.map(([name, low, high]) => [name, shortest(low), shortest(high)].join(":")).join(",");
  const shortest = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "");

  /** A drawn outline in the address: `x~y~x0,y0,x1,y1,...` in the units of two columns. */
  function lasso(state) {
    if (!state.lasso) return null;
    const [x, y, points = ""] = state.lasso.split("~"), outline = points.split(",").map(Number);
    return outline.length < 6 || outline.some(Number.isNaN) ? null : { x, y, outline };
  }

  const lassoText = (x, y, outline) => `${x}~${y}~${outline.map((value) => Number(value.toPrecision(5))).join(",")}`;

  /** Whether a point lies inside an outline x0, y0, x1, y1, ... (even-odd rule). */
  function isInside(x, y, outline) {
    let inside = false;
    for (let place = 0, last = outline.length - 2; place < outline.length; last = place, place += 2) {
      const x1 = outline[place], y1 = outline[place + 1], x2 = outline[last], y2 = outline[last + 1];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
    }
    return inside;
  }

  /** A Uint8Array with 1 for each example that the state's filters leave. */
  async function mask(experiment, state) {
    const taken = new Uint8Array(experiment.count).fill(1);
    const keep = (test) => { for (let place = 0; place < taken.length; place++) if (taken[place] && !test(place)) taken[place] = 0; };
    const index = (list, name) => list.indexOf(name);
    if (state.split) { const code = index(experiment.dataset.splits, state.split); keep((place) => experiment.split[place] === code); }
    if (state.class) { const code = index(experiment.labels, state.class); keep((place) => experiment.said[place] === code); }
    if (state.suggested) { const code = index(experiment.labels, state.suggested); keep((place) => experiment.suggested[place] === code); }
    if (state.verdict) { const code = index(experiment.verdicts, state.verdict); keep((place) => experiment.verdict[place] === code); }
    if (state.flag) keep(flagged(experiment, state.flag));
    if (state.find) {
      await experiment.loadNames();
      keep(found(experiment, state.find));
    }
    for (const [name, low, high] of ranges(state)) {
      if (!experiment.has(name)) continue;
      const values = await experiment.values(name);
      keep((place) => values[place] >= low && values[place] <= high);
    }
    const drawn = lasso(state);
    if (drawn && experiment.has(drawn.x) && experiment.has(drawn.y)) {
      const [xs, ys] = await Promise.all([experiment.values(drawn.x), experiment.values(drawn.y)]);
      keep((place) => isInside(xs[place], ys[place], drawn.outline));
    }
    return taken;
  }

  const FLAGS = {
    wrong: "labels planted wrong",
    duplicate: "copies of another image",
    cut: "likelier wrong than right",
    decided: "decided on",
    undecided: "not decided on",
  };

  /** The test of a flag; one that there is not lets all pass. */
  function flagged(experiment, flag) {
    if (!Object.hasOwn(FLAGS, flag)) return () => true;
    const decisions = Decisions.of(experiment);
    return {
      wrong: (place) => experiment.corrupt?.[place] === 1,
      duplicate: (place) => experiment.duplicate[place] >= 0,
      cut: (place) => experiment.probability[place] > 0.5,
      decided: (place) => decisions.has(experiment.ids[place]),
      undecided: (place) => !decisions.has(experiment.ids[place]),
    }[flag];
  }

  /** A test for names that hold a text, or for an example_id written as `#12`. */
  function found(experiment, text) {
    if (/^#\d+$/.test(text)) { const wanted = Number(text.slice(1)); return (place) => experiment.ids[place] === wanted; }
    const part = text.toLowerCase();
    return (place) => experiment.key(place).toLowerCase().includes(part) || experiment.file(place).toLowerCase().includes(part);
  }

  /** The column that a state sorts by: the one it names if the experiment has it, else the list of suspects. */
  const sortedBy = (experiment, state) => (experiment.has(state.sort) ? state.sort : "suspects");

  /** Positions of the examples that a state shows, in its order. */
  async function chosen(experiment, state) {
    const [taken, order] = await Promise.all([mask(experiment, state), experiment.order(sortedBy(experiment, state))]);
    const listed = order.filter((place) => taken[place]);
    if (!state.reverse) return listed;
    const placed = await experiment.places(sortedBy(experiment, state)), last = listed.findLastIndex(placed) + 1;
    listed.subarray(0, last).reverse();
    return listed;
  }

  return { NAMES, FLAGS, ranges, rangesText, lasso, lassoText, isInside, mask, chosen, sortedBy };
})();
