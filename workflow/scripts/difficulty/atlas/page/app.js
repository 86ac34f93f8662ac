// The page: which view is shown, and what stands above it.

const App = (() => {
  const views = { overview: OverviewView, review: ReviewView, images: ImagesView, map: MapView, scores: ScoresView, figures: FiguresView, methods: MethodsView };
  let shown = 0, leave = null, before = null;

  /** The state without the image that stands before a view. */
  const background = (state) => Address.link({ at: null }, state);

  /** Shows what the address says. */
  async function show() {
    const number = ++shown, state = Address.state();
    const name = Object.hasOwn(views, state.view ?? "") ? state.view : "overview";
    let experiment;
    try {
      experiment = await Experiment.open(state.e);
    } catch (error) {
      fill(document.getElementById("main"), element("p", { class: "warning", role: "alert" }, `This page cannot be shown: ${error.message}`));
      return;
    }
    if (number !== shown) return; // the address has changed again
    const stays = before === background(state) && name !== "review";
    before = background(state);
    if (stays) { await Detail.update(experiment, state); return; }
    await keepingFocus(() => showView(number, name, experiment, state));
    if (number !== shown) return;
    if (name === "review") Detail.hide(); else await Detail.update(experiment, state);
    document.body.dataset.ready = `${name} ${number}`;
  }

  async function showView(number, name, experiment, state) {
    const root = element("section", { class: `view ${name}`, "aria-label": views[name].title });
    leave?.();
    leave = null;
    head(name, experiment, state);
    const other = state.e && state.e !== experiment.name && element("p", { class: "warning", role: "alert" }, `This page has no experiment “${state.e}”; this is ${experiment.name}.`);
    fill(document.getElementById("main"), other, root);
    document.title = `${views[name].title} · ${DATA.title}`;
    try {
      const ended = await views[name].show(root, experiment, state);
      if (number === shown) leave = ended ?? null; else ended?.();
    } catch (error) {
      fill(root, element("p", { class: "warning", role: "alert" }, `This view cannot be shown: ${error.message}`));
      throw error;
    }
  }

  function head(name, experiment, state) {
    const known = Object.entries(views).filter(([each]) => each !== "figures" || DATA.figures.length);
    const links = known.map(([each, view]) =>
      element("a", { href: Address.link({ view: each, at: null }), "aria-current": each === name ? "page" : null, onclick: follow }, view.title));
    fill(document.getElementById("top"),
      element("h1", { class: "name" }, DATA.title),
      element("nav", { "aria-label": "Views" }, links),
      DATA.experiments.length > 1 && choice("Experiment", DATA.experiments.map((each) => [each.name, each.name]), experiment.name,
        (value) => Address.go({ view: state.view, e: value, sort: state.sort, x: state.x, y: state.y }, { from: {} })),
      button(dark() ? "Light" : "Dark", async () => {
        theme(dark() ? "light" : "dark");
        before = null; // charts have the colours of a theme
        await show();
        document.querySelector(".theme").focus();
      }, { class: "quiet theme" }),
    );
  }

  function follow(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab
    event.preventDefault();
    Address.go(Object.fromEntries(new URLSearchParams(event.currentTarget.getAttribute("href").slice(1))), { from: {} });
  }

  const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  function theme(name) {
    document.documentElement.dataset.theme = name;
    try { localStorage.setItem("difficulty theme", name); } catch { /* the choice holds for this visit */ }
  }

  function start() {
    try {
      const kept = localStorage.getItem("difficulty theme");
      if (kept) document.documentElement.dataset.theme = kept;
    } catch { /* as the system has it */ }
    document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); document.getElementById("main").focus(); });
    Address.onChange(show);
    return show();
  }

  return { start, follow };
})();

App.start();
