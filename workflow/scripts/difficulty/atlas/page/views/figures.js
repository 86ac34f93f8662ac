// Every figure with its caption, by the question that it answers.

const FiguresView = {
  title: "Figures",
  async show(root, experiment, state) {
    const own = DATA.figures.filter((figure) => figure.experiment === null || figure.experiment === experiment.name);
    const groups = [...new Set(own.map((figure) => figure.question))];
    const open = groups.includes(state.question) ? state.question : groups[0];
    if (!own.length) { fill(root, element("p", { class: "empty" }, "No figures were drawn.")); return; }
    const drawn = await Promise.all(own.filter((figure) => figure.question === open).map(figureOf));
    fill(root,
      element("nav", { class: "questions", "aria-label": "Questions" }, groups.map((question) =>
        element("a", { href: Address.link({ question }), "aria-current": question === open ? "true" : null, onclick: App.follow }, question))),
      drawn);
  },
};

async function figureOf(figure) {
  const caption = figure.caption.map((paragraph) => element("p", {}, paragraph.map((part) => (typeof part === "string" ? part : element(part.tag, {}, part.text)))));
  return element("figure", { id: `figure-${figure.place}` },
    element("img", { src: await Arrays.picture(figure.picture), width: figure.width, height: figure.height, alt: figure.caption[0].map((part) => part.text ?? part).join(""), loading: "lazy" }),
    element("figcaption", {}, element("h2", {}, figure.title), caption));
}
