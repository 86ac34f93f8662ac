// How scores compare: with each other, over seeds, and with what is known to be hard.

const ScoresView = {
  title: "Scores",
  async show(root, experiment, state) {
    const { correlation, stability, detection } = experiment.described;
    const roles = [...new Set((correlation ?? []).map((row) => row.role))];
    const role = roles.includes(state.role) ? state.role : roles[0];
    const named = (role) => (score) => {
      const name = [`${score}${SUFFIX[role]}`, score].find((each) => experiment.has(each));
      return name ? element("a", { href: link({ sort: name, split: role === "test" ? "test" : null }), onclick: App.follow }, score) : score;
    };
    const link = (changes) => Address.link({ view: "images", e: state.e, ...changes }, {});
    fill(root,
      element("div", { class: "toolbar" }, roles.length > 1 && choice("Images of the role", roles.map((each) => [each, each]), role, (value) => Address.go({ role: value }, { replace: true }))),
      correlation?.length ? matrix(experiment, correlation.filter((row) => row.role === role), role, link) : null,
      stability?.length ? reliability(stability.filter((row) => row.role === role), named(role)) : null,
      detection?.length ? detections(detection.filter((row) => row.role === role), named(role)) : null,
      byVerdict(experiment),
      scoreList(experiment, link),
    );
  },
};

const SUFFIX = { train: "", validation: "_validation", test: "_test" };

/** Rank correlations of all pairs, in colours; a cell leads to the images that two scores disagree about. */
function matrix(experiment, rows, role, link) {
  const names = [...new Set(rows.map((row) => row.score_a))];
  const cells = new Map(rows.map((row) => [`${row.score_a} ${row.score_b}`, row]));
  const column = (name) => [`${name}${SUFFIX[role]}`, name].find((each) => experiment.has(each));
  const cell = (first, second) => {
    const row = cells.get(`${first} ${second}`), value = row?.spearman;
    if (value === null || value === undefined) return element("td", { class: "cell" }, "–");
    const text = value.toFixed(2).replace("0.", ".").replace("1.00", "1"), more = row.low === null ? "" : `, 95 % interval ${row.low.toFixed(2)} to ${row.high.toFixed(2)}`;
    const pair = first !== second && column(first) && column(second) ? `${column(first)}~${column(second)}` : null;
    const title = `${first} and ${second}: rank correlation ${value.toFixed(2)}${more}, ${wholeNumber(row.examples)} images`;
    return element("td", { class: "cell", style: colorsOfShare(value) },
      pair ? element("a", { href: link({ sort: pair }), onclick: App.follow, title, "aria-label": title }, text) : element("span", { title }, text));
  };
  return element("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": "Correlation of scores" },
    element("table", { class: "matrix" },
      element("caption", {}, "Rank correlation of scores. A cell leads to the images that two scores disagree about most."),
      element("thead", {}, element("tr", {}, element("td", {}), names.map((name) => element("th", { scope: "col" }, element("span", {}, name))))),
      element("tbody", {}, names.map((first) => element("tr", {}, element("th", { scope: "row" }, first), names.map((second) => cell(first, second)))))));
}

/** Purple for opposite orders, white for none, orange for the same; and the ink that is easier to read on it. */
function colorsOfShare(value) {
  const end = value < 0 ? [84, 39, 136] : [179, 88, 6], share = Math.min(1, Math.abs(value));
  const color = end.map((channel) => Math.round(255 + share * (channel - 255)));
  const linear = color.map((channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return { background: `rgb(${color.join(" ")})`, color: (luminance + 0.05) ** 2 > 0.05 * 1.05 ? "#000" : "#fff" };
}

/** The mean percentile of each score of training among the images with each verdict; computed when it is looked at. */
function byVerdict(experiment) {
  const box = element("details", {}, element("summary", {}, "How high are scores for each kind of image?"));
  box.addEventListener("toggle", async () => {
    if (!box.open || box.childElementCount > 1) return;
    const place = element("div", { "aria-busy": "true" }, "…");
    box.append(place);
    const columns = [...experiment.columns.values()].filter(({ role }) => role === "train"), rows = [];
    for (const { name } of columns) rows.push({ name, means: meansByVerdict(experiment, await experiment.percentiles(name)) });
    const counts = experiment.verdicts.map((_, code) => experiment.verdict.reduce((sum, each) => sum + (each === code), 0));
    fill(place, tableOf("Mean percentile, 100 being the hardest, of the images with each verdict", [
      ["Score", (row) => row.name],
      ...experiment.verdicts.map((verdict, code) => [`${verdict} (${wholeNumber(counts[code])})`, (row) => (Number.isNaN(row.means[code]) ? "–" : (100 * row.means[code]).toFixed(0)), "number"]),
    ], rows));
    place.removeAttribute("aria-busy");
  });
  return experiment.verdicts.length > 1 ? box : null;
}

function meansByVerdict(experiment, shares) {
  const sums = experiment.verdicts.map(() => [0, 0]);
  shares.forEach((share, example) => {
    const of = sums[experiment.verdict[example]];
    if (of && !Number.isNaN(share)) { of[0] += share; of[1]++; }
  });
  return sums.map(([sum, count]) => sum / count);
}

function reliability(rows, named) {
  const best = new Map(); // of the largest halves
  for (const row of rows) if (!(best.get(row.score)?.seeds_per_half > row.seeds_per_half)) best.set(row.score, row);
  const sorted = [...best.values()].sort((a, b) => (b.reliability ?? -1) - (a.reliability ?? -1));
  return tableOf("Do other seeds order the images alike?", [
    ["Score", (row) => named(row.score)],
    ["Correlation of halves of the seeds", (row) => shortNumber(row.spearman_mean, 2), "number"],
    ["Reliability of the mean", (row) => shortNumber(row.reliability, 2), "number"],
    ["Seeds for 0.9", (row) => shortNumber(row.seeds_for_90), "number"],
    ["Images", (row) => wholeNumber(row.examples), "number"],
  ], sorted);
}

function detections(rows, named) {
  const pooled = rows.filter((row) => row.run === "all").sort((a, b) => b.average_precision - a.average_precision);
  const interval = (row, name) => (row[`${name}_low`] === null ? shortNumber(row[name], 2) : `${row[name].toFixed(2)} (${row[`${name}_low`].toFixed(2)} to ${row[`${name}_high`].toFixed(2)})`);
  return tableOf("Which score finds what is known to be hard? (95 % intervals for other images and the same runs)", [
    ["Truth", (row) => row.truth],
    ["Score", (row) => named(row.score)],
    ["Average precision", (row) => interval(row, "average_precision"), "number"],
    ["AUROC", (row) => interval(row, "auroc"), "number"],
    ["Precision among as many as are hard", (row) => interval(row, "precision_at_prevalence"), "number"],
    ["Hard images", (row) => `${wholeNumber(row.positives)} of ${wholeNumber(row.examples)}`, "number"],
  ], pooled);
}

function scoreList(experiment, link) {
  return tableOf("All columns", [
    ["Column", (column) => element("a", { href: link({ sort: column.name }), onclick: App.follow }, column.name)],
    ["Harder when", (column) => ({ 1: "higher", "-1": "lower" })[column.direction] ?? "–"],
    ["What it is", (column) => column.about],
  ], [...experiment.columns.values()]);
}
