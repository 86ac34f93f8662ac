// All images, by any score and any filter.

const ImagesView = {
  title: "Images",
  async show(root, experiment, state) {
    const sort = Selection.sortedBy(experiment, state);
    const values = sort === "suspects" ? null : await experiment.values(sort);
    const [taken, examples] = await Promise.all([Selection.mask(experiment, state), Selection.chosen(experiment, state)]);
    const grid = new Grid(experiment, {
      side: ["64", "160"].includes(state.size) ? Number(state.size) : 96,
      caption: (example) => caption(experiment, example, values),
      open: (example) => Address.go({ at: experiment.ids[example] }),
    });
    const set = (changes) => Address.go(changes, { replace: true });
    fill(root,
      Filters.bar(experiment, state),
      element("div", { class: "toolbar" },
        element("p", { class: "count", role: "status" }, `${counted(examples.length, "image")} of ${wholeNumber(experiment.count)}`),
        choice("Order", Filters.scoreOptions(experiment, sort.includes("~") ? [["suspects", "most suspect"], [sort, sort]] : [["suspects", "most suspect"]]), sort, (value) => set({ sort: value === "suspects" ? null : value })),
        choice("First", ends(experiment, sort).map((text, place) => [place ? "1" : "", text]), state.reverse ?? "", (value) => set({ reverse: value })),
        choice("Size", [["64", "small"], ["96", "medium"], ["160", "large"]], state.size ?? "96", (value) => set({ size: value === "96" ? null : value })),
        about(experiment, sort),
      ),
      Decisions.of(experiment).size > 0 && element("p", { class: "about legend-of-frames" }, "Frames: ", ...["keep", "drop", "relabel"].map((name) => element("span", { "data-decision": name }, { keep: "kept", drop: "dropped", relabel: "relabelled" }[name]))),
      await Filters.rangeOf(experiment, state, sort, taken),
      grid.note, grid.root,
      examples.length === 0 && element("p", { class: "empty" }, "No image passes all filters. “Show all” removes them."),
    );
    grid.show(examples);
    const refresh = () => grid.refresh();
    document.addEventListener("decided", refresh);
    return () => { grid.observer.disconnect(); document.removeEventListener("decided", refresh); };
  },
};

/** What comes first in an order, and in the opposite one. */
function ends(experiment, name) {
  if (name === "suspects") return ["most suspect", "least suspect"];
  if (name.includes("~")) return ["least alike", "most alike"];
  return experiment.direction(name) ? ["hardest", "easiest"] : ["highest", "lowest"];
}

function about(experiment, name) {
  if (name === "suspects") return element("p", { class: "about" }, "The list of suspects: labels that are likeliest to be wrong come first.");
  if (name.includes("~")) return element("p", { class: "about" }, `Images about which ${name.replace("~", " and ")} disagree most, by percentile, come first.`);
  return element("p", { class: "about" }, experiment.columns.get(name).about);
}

function caption(experiment, example, values) {
  const given = experiment.className(experiment.said[example]), other = experiment.suggested[example];
  return [
    element("span", { class: "label" }, given),
    element("span", { class: "other" }, other === MISSING ? "\u00a0" : `→ ${experiment.className(other)}`),
    element("span", { class: "value" }, values ? shortNumber(values[example]) : Number.isNaN(experiment.probability[example]) ? (experiment.rank[example] ? `no. ${wholeNumber(experiment.rank[example])}` : experiment.dataset.splits[experiment.split[example]]) : `P(wrong) ${percent(experiment.probability[example])}`),
  ];
}
