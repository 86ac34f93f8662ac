// Any two columns against each other; what is drawn around is what the other views show.

const MapView = {
  title: "Map",
  async show(root, experiment, state) {
    const { x, y } = axesOf(experiment, state);
    if (!x) { fill(root, element("p", { class: "empty" }, "This experiment has no two columns of numbers.")); return null; }
    const [xs, ys, taken, colors] = await Promise.all([experiment.values(x), experiment.values(y), Selection.mask(experiment, state), colorsOf(experiment, state)]);
    const all = Uint32Array.from(taken.keys()).filter((example) => taken[example] && Number.isFinite(xs[example]) && Number.isFinite(ys[example]));
    const step = Math.ceil(all.length / MOST_POINTS), shown = all.filter((_, place) => place % step === 0);
    const set = (changes) => Address.go({ ...changes, at: null }, { replace: true });
    const place = element("div", { class: "map-plot", role: "img", "aria-label": `${counted(shown.length, "point")}: ${x} across, ${y} up` }), aside = element("div", { class: "map-aside", "aria-live": "polite" });
    const options = Filters.scoreOptions(experiment);
    fill(root,
      Filters.bar(experiment, state),
      element("div", { class: "toolbar" },
        choice("Maps", [["", "choose"], ...presets(experiment).map(([title], number) => [number, title])], "", (value) => value !== "" && set({ ...presets(experiment)[value][1], lasso: null })),
        choice("Across", options, x, (value) => set({ x: value, lasso: null })),
        choice("Up", options, y, (value) => set({ y: value, lasso: null })),
        choice("Colour", COLORINGS.map(([value, text]) => [value, text]), state.color ?? "class", (value) => set({ color: value })),
        element("p", { class: "count", role: "status" }, `${counted(all.length, "image")}${step > 1 ? `, ${wholeNumber(shown.length)} of them drawn` : ""}`),
        element("a", { href: Address.link({ view: "images", at: null }), onclick: App.follow }, "Show these as images")),
      element("div", { class: "map" }, place, aside),
      element("p", { class: "about" }, `Across: ${experiment.columns.get(x).about}. Up: ${experiment.columns.get(y).about}. Draw around points to keep only these; zoom in to see the images. Without a mouse, ranges of both scores in the view Images do the same.`),
    );
    const plot = new Scatter(place, experiment, { x, y, xs, ys, shown, colors, aside, select: (outline) => set({ lasso: outline && Selection.lassoText(x, y, outline) }) });
    await plot.show(MapView.previous?.experiment === experiment.name && MapView.previous);
    MapView.previous = { experiment: experiment.name, x, y, xs, ys };
    return () => plot.close();
  },
};

const MOST_POINTS = 60000; // that are drawn
const COLORINGS = [["class", "given label"], ["verdict", "verdict"], ["split", "split"], ["probability", "P(wrong)"]];

/** The columns of the axes: those of the address, or the first of the known maps. */
function axesOf(experiment, state) {
  const [, first] = presets(experiment)[0] ?? [];
  return { x: experiment.columns.has(state.x) ? state.x : first?.x, y: experiment.columns.has(state.y) ? state.y : first?.y };
}

/** Maps that people know, as far as an experiment has their columns. */
function presets(experiment) {
  const known = [
    ["Data map: variability and confidence", { x: "variability", y: "confidence" }],
    ["Features: the images by likeness", { x: "map_x", y: "map_y" }],
    ["Depth plane: prediction depth and confidence", { x: "prediction_depth", y: "confidence" }],
    ["Memorised: memorization and consistency", { x: "memorization", y: "consistency" }],
  ].filter(([, { x, y }]) => experiment.columns.has(x) && experiment.columns.has(y));
  const names = [...experiment.columns.keys()];
  return known.length || names.length < 2 ? known : [[`${names[0]} and ${names[1]}`, { x: names[0], y: names[1] }]];
}

/** For each example a number, and what the numbers stand for: names, or null for shares from 0 to 1. */
function colorsOf(experiment, state) {
  const coloring = state.color ?? "class";
  if (coloring === "verdict") return { codes: experiment.verdict, names: experiment.verdicts };
  if (coloring === "split") return { codes: experiment.split, names: experiment.dataset.splits };
  if (coloring === "probability") return { codes: experiment.probability, names: null };
  return { codes: experiment.given, names: experiment.classes };
}

const { points: HUES, shares: SHARES } = DATA.palette; // as in all figures

/** A scatter plot, drawn by Bokeh; thumbnails take the place of points where few are in sight. */
class Scatter {
  static #FEW = 220; // points in sight that are drawn as images
  static #MOVING = 4000; // points that are drawn while the axes change

  constructor(place, experiment, options) {
    Object.assign(this, options, { place, experiment });
    const column = (values, rows = this.shown) => Float64Array.from(rows, (example) => values[example]);
    this.source = new Bokeh.ColumnDataSource({ data: { x: column(this.xs), y: column(this.ys), color: Float64Array.from(this.shown, (example) => this.colors.codes[example]) } });
    this.pictures = new Bokeh.ColumnDataSource({ data: { x: [], y: [], url: [] } });
    this.column = column;
  }

  async show(previous) {
    const ink = getComputedStyle(document.body).getPropertyValue("color"), faint = getComputedStyle(document.body).getPropertyValue("--line").trim() || "#ccc";
    const figure = this.figure = new Bokeh.Plotting.Figure({
      sizing_mode: "stretch_both", output_backend: "webgl", tools: "pan,wheel_zoom,box_zoom,reset", active_scroll: "wheel_zoom",
      x_axis_label: this.x, y_axis_label: this.y, background_fill_alpha: 0, border_fill_alpha: 0, outline_line_color: faint, min_border: 8,
    });
    figure.toolbar.logo = null;
    for (const axis of [figure.xaxis, figure.yaxis]) Object.assign(axis, { axis_label_text_color: ink, major_label_text_color: ink, axis_line_color: faint, major_tick_line_color: faint, minor_tick_line_color: null });
    Object.assign(figure.xgrid, { grid_line_color: faint, grid_line_alpha: 0.5 });
    Object.assign(figure.ygrid, { grid_line_color: faint, grid_line_alpha: 0.5 });
    figure.scatter({ field: "x" }, { field: "y" }, { source: this.source, size: this.shown.length > 5000 ? 4 : 7, line_color: null, fill_alpha: 0.7, fill_color: { field: "color", transform: this.#colors() } });
    figure.image_url({ field: "url" }, { field: "x" }, { field: "y" }, { value: 34, units: "screen" }, { value: 34, units: "screen" }, { source: this.pictures, anchor: "center" });
    const lasso = new Bokeh.LassoSelectTool({ continuous: false });
    const tap = new Bokeh.TapTool();
    figure.add_tools(lasso, tap);
    figure.toolbar.active_drag = lasso;
    figure.js_event_callbacks ??= {};
    this.view = await Bokeh.Plotting.show(figure, this.place);
    this.source.selected.change.connect(() => this.#selected());
    figure.on_event?.("selectiongeometry", (event) => this.#drawn(event));
    for (const range of [figure.x_range, figure.y_range]) range.change.connect(() => this.#request());
    this.#legend();
    if (previous && (previous.x !== this.x || previous.y !== this.y)) await this.#move(previous);
    this.#request();
  }

  #colors() {
    if (!this.colors.names) return new Bokeh.LinearColorMapper({ palette: SHARES, low: 0, high: 1, nan_color: "#bbbbbb" });
    const palette = this.colors.names.map((_, place) => HUES[place % HUES.length]);
    return new Bokeh.LinearColorMapper({ palette: palette.length > 1 ? palette : [palette[0], palette[0]], low: -0.5, high: this.colors.names.length - 0.5, nan_color: "#bbbbbb", high_color: "#bbbbbb" });
  }

  #legend() {
    const names = this.colors.names ?? ["P(wrong) 0", "0.25", "0.5", "0.75", "1"], hues = this.colors.names ? HUES : SHARES;
    const entries = names.slice(0, 20).map((name, place) => element("li", {}, element("span", { class: "dot", style: { background: hues[place % hues.length] } }), name));
    fill(this.aside, element("ul", { class: "legend" }, entries, names.length > 20 && element("li", {}, `and ${wholeNumber(names.length - 20)} more; colours repeat`)), this.card = element("div", {}));
  }

  /** The outline that was drawn, in the units of the axes. */
  #drawn({ geometry, final }) {
    if (!final || geometry.type !== "poly") return;
    const outline = [];
    for (let place = 0; place < geometry.x.length; place += Math.ceil(geometry.x.length / 60)) outline.push(geometry.x[place], geometry.y[place]);
    if (outline.length >= 6) this.select(outline);
  }

  /** A single point was chosen. */
  async #selected() {
    const [place] = this.source.selected.indices;
    if (this.source.selected.indices.length !== 1) return;
    const example = this.shown[place];
    fill(this.card, Thumbnails.picture(this.experiment, example, { class: "thumbnail large" }), element("p", {}, Thumbnails.label(this.experiment, example)),
      button("More", () => Address.go({ at: this.experiment.ids[example] })));
  }

  #request() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#illustrate(), 120);
  }

  /** Draws the images of the points in sight if there are few. */
  async #illustrate() {
    const { x_range: across, y_range: up } = this.figure;
    const inside = [];
    for (const example of this.shown) {
      const x = this.xs[example], y = this.ys[example];
      if (x < across.start || x > across.end || y < up.start || y > up.end) continue;
      inside.push(example);
      if (inside.length > Scatter.#FEW) break;
    }
    if (inside.length > Scatter.#FEW) { if (this.pictures.data.x.length) this.pictures.data = { x: [], y: [], url: [] }; return; }
    let urls;
    try {
      urls = await Promise.all(inside.map((example) => this.#picture(example)));
    } catch (error) {
      if (error.name === "SecurityError") return; // a browser reads no pictures of files beside the page
      throw error;
    }
    this.pictures.data = { x: Array.from(inside, (example) => this.xs[example]), y: Array.from(inside, (example) => this.ys[example]), url: urls };
  }

  async #picture(example) {
    this.drawn ??= new Map();
    if (!this.drawn.has(example)) {
      const canvas = document.createElement("canvas");
      await Thumbnails.draw(canvas, this.experiment, example);
      this.drawn.set(example, canvas.toDataURL());
    }
    return this.drawn.get(example);
  }

  /** The points go from their places under the previous axes to those under the present ones. */
  async #move(previous) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const step = Math.ceil(this.shown.length / Scatter.#MOVING), rows = this.shown.filter((_, place) => place % step === 0);
    const scaled = (values, [low, high], [first, last]) => Float64Array.from(rows, (example) => first + ((values[example] - low) / (high - low || 1)) * (last - first));
    const ends = [Columns.range(this.xs), Columns.range(this.ys)];
    const from = [scaled(previous.xs, Columns.range(previous.xs), ends[0]), scaled(previous.ys, Columns.range(previous.ys), ends[1])];
    const to = [this.column(this.xs, rows), this.column(this.ys, rows)], color = Float64Array.from(rows, (example) => this.colors.codes[example]);
    const all = this.source.data, start = performance.now();
    for (let share = 0; share < 1;) {
      share = Math.min(1, (performance.now() - start) / 500);
      const eased = share * share * (3 - 2 * share), between = (axis) => to[axis].map((end, place) => (Number.isNaN(from[axis][place]) ? end : from[axis][place] + eased * (end - from[axis][place])));
      this.source.data = { x: between(0), y: between(1), color };
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    this.source.data = all;
  }

  close() {
    clearTimeout(this.timer);
  }
}
