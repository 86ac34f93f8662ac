// The answers in short, each with the images behind it.

const OverviewView = {
  title: "Overview",
  async show(root, experiment, state) {
    const link = (view, changes = {}) => Address.link({ view, e: state.e, ...changes }, {});
    const classes = await byClass(experiment);
    const cards = [wrongCard(experiment, link), trustCard(experiment), suspectsCard(experiment, link), examplesCard(experiment, link), Thumbnails.sheetsOf(experiment) && duplicatesCard(experiment, link), classCard(experiment, classes, link), accuracyCard(experiment)];
    fill(root, whatWasDone(experiment), warningOf(experiment), experiment.described.warnings.map((text) => element("p", { class: "warning", role: "note" }, text)), element("div", { class: "cards" }, cards.map((card) => card || null)), confusion(experiment, link), classTable(experiment, classes, link));
  },
};

/** What was trained, and what it was scored by. */
function whatWasDone(experiment) {
  const { settings, runs } = experiment.described, seeds = new Set(runs.map((run) => run.split("-fold-")[0]));
  const network = settings.architecture ? `, ${settings.architecture} for ${counted(settings.epochs, "epoch")}` : "";
  const scores = [...experiment.columns.values()].filter(({ role }) => role === "train").length;
  return element("p", { class: "about" }, `${experiment.name}: ${counted(runs.length, "run")} of ${counted(seeds.size, "seed")}${network}; ${counted(scores, "score")} of the training images.`);
}

/** A card: a number, what it is, and images that lead to where one sees more. */
function answer(title, value, text, href = null, experiment = null, examples = []) {
  const shown = Array.from(examples.slice(0, 8), (example) => Thumbnails.picture(experiment, example, { "aria-hidden": "true" }));
  const heading = element("h2", {}, href ? element("a", { href, onclick: App.follow }, title) : title);
  return element("article", { class: "answer" }, heading, element("p", { class: "value" }, value), element("p", { class: "about" }, text), shown.length > 0 && element("div", { class: "samples" }, shown));
}

function wrongCard(experiment, link) {
  const errors = experiment.described.errors;
  if (errors.estimated_wrong === null) return answer("Wrong labels", "not estimated", errors.trustworthy ? "Nothing permits an estimate; the next card says why." : "The list cannot be trusted, so that no number is estimated.");
  const cut = experiment.suspects.subarray(0, errors.cut);
  const text = `Of ${counted(errors.examples, "training label")}, estimated from predictions of images that were not trained on; range ${wholeNumber(errors.low)} to ${wholeNumber(errors.high)} over the models that fit and resamples of the images. `
    + `${wholeNumber(errors.cut)} are likelier wrong than right; of these ${percent(errors.expected_precision)} are expected to be wrong.`;
  return answer("Wrong labels", `about ${wholeNumber(errors.estimated_wrong)}`, text, link("images", { flag: "cut" }), experiment, cut);
}

function trustCard(experiment) {
  const { trustworthy, reason } = experiment.described.errors;
  return answer("May one trust the list?", trustworthy ? "so far as it goes" : "no", trustworthy ? reason : "The sentence at the top says why.");
}

function suspectsCard(experiment, link) {
  const log = Decisions.of(experiment);
  const { cut } = experiment.described.errors;
  const text = `${wholeNumber(experiment.suspects.length)} training images, the most suspect label first${cut ? `; ${wholeNumber(cut)} are likelier wrong than right` : ""}. You have decided on ${wholeNumber(log.size)}.`;
  return answer("Labels to check", cut ? wholeNumber(cut) : "the first ones", text, link("review"), experiment, experiment.suspects);
}

function examplesCard(experiment, link) {
  const { splits } = experiment.dataset;
  const counts = splits.map((name, code) => `${wholeNumber(experiment.split.reduce((sum, each) => sum + (each === code), 0))} ${name}`);
  return answer(Thumbnails.sheetsOf(experiment) ? "Images" : "Examples", wholeNumber(experiment.count), `${counts.join(", ")}; ${counted(new Set(experiment.given).size, "class")}.`, link("images"), experiment, Array.from({ length: 8 }, (_, place) => Math.floor((place * experiment.count) / 8)));
}

function duplicatesCard(experiment, link) {
  const copies = [...experiment.duplicate.keys()].filter((example) => experiment.duplicate[example] >= 0);
  const leaks = copies.filter((example) => experiment.split[example] !== experiment.split[experiment.duplicate[example]]);
  const disputed = copies.filter((example) => experiment.label[example] !== experiment.label[experiment.duplicate[example]]);
  const text = copies.length === 0 ? "No two image files have the same content." : `Files with the same content as another: ${leaks.length} of them in another split, ${disputed.length} with another label.`;
  return answer("Copies", wholeNumber(copies.length), text, copies.length ? link("images", { flag: "duplicate" }) : null, experiment, copies);
}

const MOST_CLASSES = 50; // in the table; filters lead to the others
const ALIKE = 0.05; // mean percentiles of classes that are about as hard as each other

function classCard(experiment, rows, link) {
  if (rows.length < 2 || rows[0].hardness - rows.at(-1).hardness < ALIKE) return null;
  const hardest = rows[0];
  const split = experiment.dataset.splits.includes("train") ? "train" : null;
  return answer("Hardest class", hardest.name, `By the mean percentile of ${rows.score}: ${percent(hardest.hardness)}; the easiest, ${rows.at(-1).name}, has ${percent(rows.at(-1).hardness)}.`, link("images", { class: hardest.name, split, sort: rows.score }), experiment, hardest.examples);
}

function accuracyCard(experiment) {
  const { accuracy } = experiment.described;
  if (!accuracy) return null;
  const spread = accuracy.std === null ? "" : ` ± ${(100 * accuracy.std).toFixed(1)}`;
  const others = DATA.experiments.filter((other) => other.name !== experiment.name && other.accuracy && other.tested === experiment.described.tested).map((other) => `${other.name} ${(100 * other.accuracy.mean).toFixed(1)} %`);
  return answer("Test accuracy", `${(100 * accuracy.mean).toFixed(1)}${spread} %`, `Of ${counted(accuracy.runs, "network")} on ${counted(accuracy.examples, "test image")}; for other images ${percent(accuracy.low, 1)} to ${percent(accuracy.high, 1)} (95 % interval)${spread && "; ± is the standard deviation over seeds"}.${others.length ? ` Other experiments on the same images: ${others.join(", ")}.` : ""}`);
}

/** Classes of the training images, the hardest first: name, mean percentile of a score, and its images by that score. */
async function byClass(experiment) {
  const ofTraining = [...experiment.columns.values()].filter(({ role, direction }) => role === "train" && direction);
  const score = ["label_error", "aum"].find((name) => experiment.has(name)) ?? ofTraining[0]?.name;
  const rows = [];
  rows.score = score;
  if (!score) return rows;
  const [shares, order] = await Promise.all([experiment.percentiles(score), experiment.order(score)]);
  const found = new Map();
  const train = experiment.dataset.splits.indexOf("train");
  for (const example of order) {
    if (Number.isNaN(shares[example]) || experiment.split[example] !== train) continue;
    const row = found.get(experiment.given[example]) ?? { name: experiment.className(experiment.given[example]), sum: 0, wrong: 0, examples: [] };
    row.sum += shares[example];
    row.wrong += experiment.probability[example] || 0;
    row.examples.push(example);
    found.set(experiment.given[example], row);
  }
  for (const row of found.values()) rows.push({ ...row, hardness: row.sum / row.examples.length });
  return rows.sort((a, b) => b.hardness - a.hardness);
}

function classTable(experiment, classes, link) {
  const rows = classes.slice(0, MOST_CLASSES);
  if (!rows.length) return null;
  const split = experiment.dataset.splits.length > 1 ? "train" : null;
  const estimated = experiment.described.errors.estimated_wrong !== null;
  return tableOf(classes.length > MOST_CLASSES ? `The ${MOST_CLASSES} hardest of ${wholeNumber(classes.length)} classes` : "Classes, the hardest first", [
    ["Class", (row) => element("a", { href: link("images", { class: row.name, split }), onclick: App.follow }, row.name)],
    ["Training images", (row) => wholeNumber(row.examples.length), "number"],
    ["Mean percentile of the score", (row) => percent(row.hardness), "number"],
    ...(estimated ? [["Expected wrong labels", (row) => shortNumber(row.wrong, 2), "number"]] : []),
    ["Hardest", (row) => element("div", { class: "samples" }, row.examples.slice(0, 6).map((example) => Thumbnails.picture(experiment, example)))],
  ], rows);
}

function confusion(experiment, link) {
  const rows = experiment.described.confusion.filter((row) => row.expected >= 0.5).sort((a, b) => b.expected - a.expected).slice(0, 12);
  if (!rows.length) return null;
  return tableOf("Classes that are taken for others", [
    ["Labelled", (row) => row.given_class],
    ["Likely", (row) => row.likely_class],
    ["Expected number", (row) => shortNumber(row.expected, 2), "number"],
    ["Of images with that label", (row) => percent(row.expected / row.examples, 1), "number"],
    ["Candidates", (row) => element("a", { href: link("images", { class: row.given_class, suggested: row.likely_class }), onclick: App.follow, "aria-label": `images labelled ${row.given_class}, predicted as ${row.likely_class}` }, "all that networks predict so")],
  ], rows);
}
