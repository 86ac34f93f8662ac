// Controls that say which examples are shown; all of them write to the address.

const Filters = (() => {
  /** Options for names, and for a present value that is none of them. */
  const named = (names, value) => [["", "any"], ...names.map((name) => [name, name]), ...(value && !names.includes(value) ? [[value, `${value} (not in this experiment)`]] : [])];
  const FEW = 40; // classes in a select; more are typed, with suggestions

  /** The bar of filters for a state. */
  function bar(experiment, state) {
    const set = (changes) => Address.go({ ...changes, at: null }, { replace: true });
    const flags = Object.entries(Selection.FLAGS).filter(([flag]) => flag !== "wrong" || experiment.corrupt);
    const isFiltered = Selection.NAMES.some((name) => state[name]), isWide = !matchMedia("(max-width: 640px)").matches;
    const form = element("form", { class: "filters", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
      experiment.dataset.splits.length > 1 && choice("Split", named(experiment.dataset.splits, state.split), state.split ?? "", (value) => set({ split: value })),
      classChoice("Label", "class", experiment, state, set),
      classChoice("Suggested", "suggested", experiment, state, set),
      choice("Verdict", named(experiment.verdicts, state.verdict), state.verdict ?? "", (value) => set({ verdict: value })),
      choice("Only", [["", "any"], ...flags], state.flag ?? "", (value) => set({ flag: value })),
      element("label", { class: "choice" }, element("span", {}, "Find"),
        element("input", { type: "search", placeholder: "name or #id", "aria-label": "Find", value: state.find ?? "", oninput: (event) => later(() => set({ find: event.target.value.trim() })) })),
      chips(experiment, state, set),
    );
    isOpen ||= isFiltered;
    return isWide ? form : element("details", { open: isOpen, ontoggle: (event) => { isOpen = event.target.open; } }, element("summary", {}, "Filters"), form);
  }

  let isOpen = false, timer = 0; // the filters on a small screen

  /** Waits until somebody has stopped typing. */
  function later(change) {
    clearTimeout(timer);
    timer = setTimeout(change, 400);
  }

  function classChoice(title, name, experiment, state, set) {
    const names = experiment.labels;
    if (names.length <= FEW) return choice(title, named(names, state[name]), state[name] ?? "", (value) => set({ [name]: value }));
    return element("label", { class: "choice" }, element("span", {}, title),
      element("input", {
        type: "search", list: classList(experiment), value: state[name] ?? "", placeholder: "any", "aria-label": title,
        onchange: (event) => set({ [name]: event.target.value }),
      }));
  }

  /** The id of a list of an experiment's classes, which inputs suggest from. */
  function classList(experiment) {
    const id = `classes-${DATA.experiments.findIndex((each) => each.name === experiment.name)}`;
    if (!document.getElementById(id)) {
      document.body.append(element("datalist", { id }, experiment.labels.map((name) => element("option", { value: name }))));
    }
    return id;
  }

  /** Filters that are not set in the bar, each with a cross that removes it. */
  function chips(experiment, state, set) {
    const made = Selection.ranges(state).map(([name, low, high], place, all) =>
      chip(`${between(low, name, high)}${experiment.has(name) ? "" : " (not in this experiment)"}`, () => set({ ranges: Selection.rangesText(all.filter((_, other) => other !== place)) })));
    const drawn = Selection.lasso(state);
    const isHere = drawn && experiment.has(drawn.x) && experiment.has(drawn.y);
    if (drawn) made.push(chip(`drawn around ${drawn.x} and ${drawn.y}${isHere ? "" : " (not in this experiment)"}`, () => set({ lasso: null })));
    if (Selection.NAMES.some((name) => state[name])) {
      made.push(button("Show all", () => set(Object.fromEntries(Selection.NAMES.map((name) => [name, null]))), { class: "quiet" }));
    }
    return element("div", { class: "chips" }, made);
  }

  const between = (low, name, high) => (Number.isFinite(low) ? `${shortNumber(low)} ≤ ` : "") + name + (Number.isFinite(high) ? ` ≤ ${shortNumber(high)}` : "");
  const chip = (text, remove) => element("span", { class: "chip" }, text, button("×", remove, { "aria-label": `Remove: ${text}`, class: "chip-remove" }));

  const GROUPS = { train: "of networks trained on the image", validation: "of networks that held it out", test: "of test images" };

  /** All scores of an experiment as options of a select, by role. */
  function scoreOptions(experiment, first = []) {
    const groups = new Map();
    for (const { name, role } of experiment.columns.values()) {
      const title = GROUPS[role] ?? "other columns";
      groups.set(title, [...(groups.get(title) ?? []), [name, name]]);
    }
    return [...first, ...groups];
  }

  /** A histogram of a score among the examples shown, with two sliders that keep a range of it. */
  async function rangeOf(experiment, state, name, taken) {
    if (!experiment.has(name)) return null;
    const values = await experiment.values(name), limits = Columns.range(values);
    const others = Selection.ranges(state).filter(([each]) => each !== name);
    const [low, high] = Selection.ranges(state).find(([each]) => each === name)?.slice(1) ?? [-Infinity, Infinity];
    const steps = 1000, span = limits[1] - limits[0];
    const place = (value) => (span ? Math.round((steps * (Math.min(Math.max(value, limits[0]), limits[1]) - limits[0])) / span) : 0);
    const set = (first, second) => {
      const kept = [name, Math.min(first, second), Math.max(first, second)];
      const isAll = !kept.some(Number.isFinite);
      Address.go({ ranges: Selection.rangesText(isAll ? others : [...others, kept]), at: null }, { replace: true });
    };
    const slider = (which, value, end, open, change) => element("input", {
      type: "range", min: 0, max: steps, step: 1, value: place(value), "aria-label": `${which} ${name}`, "aria-valuetext": shortNumber(Number.isFinite(value) ? value : limits[end ? 1 : 0]),
      onchange: (event) => change(Number(event.target.value) === end ? open : limits[0] + (span * Number(event.target.value)) / steps),
    });
    return element("div", { class: "range" },
      bars(Columns.histogram(values, limits, 60, taken), Columns.histogram(values, limits, 60)),
      slider("Lowest", low, 0, -Infinity, (value) => set(value, high)), slider("Highest", high, steps, Infinity, (value) => set(low, value)),
      element("div", { class: "range-ends" }, element("span", {}, shortNumber(limits[0])), element("span", {}, shortNumber(limits[1]))));
  }

  /** Two histograms as bars of one drawing: of all examples, and before it of those that are shown. */
  function bars(shown, all) {
    const most = Math.max(...all, 1), space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    drawing.setAttribute("viewBox", `0 0 ${all.length} 30`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.setAttribute("aria-hidden", "true");
    for (const [counts, name] of [[all, "bar-all"], [shown, "bar-shown"]]) {
      counts.forEach((count, place) => {
        const bar = document.createElementNS(space, "rect"), height = 30 * Math.sqrt(count / most);
        Object.entries({ x: place, y: 30 - height, width: 0.9, height, class: name }).forEach(([key, value]) => bar.setAttribute(key, value));
        drawing.append(bar);
      });
    }
    return drawing;
  }

  return { bar, classList, scoreOptions, rangeOf };
})();
