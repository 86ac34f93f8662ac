// All that is known of one example.

const Card = (() => {
  let isAlone = null; // whether the page is without the folder of images; null: not known

  /** The example's picture, from its file where the results lie beside the page, else its thumbnail. */
  function picture(experiment, example) {
    if (!Thumbnails.sheetsOf(experiment)) return null;
    const small = Thumbnails.picture(experiment, example, { class: "thumbnail large" });
    const { folder } = experiment.dataset;
    const address = [folder, ...experiment.file(example).split("/")].join("/").split("/").map(encodeURIComponent).join("/");
    const full = element("img", { alt: Thumbnails.label(experiment, example), class: "large", hidden: true });
    full.addEventListener("load", () => { isAlone = false; full.hidden = false; small.remove(); });
    full.addEventListener("error", () => { isAlone ??= true; });
    if (Thumbnails.sheetsOf(experiment).shrunk && !isAlone) full.src = address;
    return element("div", { class: "picture" }, small, full);
  }

  /** What is said of the example's label. */
  async function facts(experiment, example) {
    const given = experiment.className(experiment.said[example]);
    const own = experiment.className(experiment.label[example]);
    const other = experiment.suggested[example];
    const rows = [
      ["Given label", given],
      experiment.corrupt?.[example] === 1 && ["Label of the data set", `${own}, while training was given another one`],
      other !== MISSING && ["Suggested label", `${experiment.className(other)}, by ${percent(experiment.share[example])} of the predictions`],
      !Number.isNaN(experiment.probability[example]) && ["P(wrong)", percent(experiment.probability[example])],
      experiment.rank[example] > 0 && ["Verdict", experiment.verdicts[experiment.verdict[example]]],
      ["Evidence", (await experiment.evidence(example)) || "–"],
      experiment.duplicate[example] >= 0 && ["Copy of", experiment.key(experiment.duplicate[example])],
      ["Image", `${experiment.file(example)} (example ${experiment.ids[example]})`],
    ];
    return element("dl", { class: "facts" }, rows.filter(Boolean).map(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
  }

  /** Percentiles of all scores of the example's role, as bars; computed when they are looked at. */
  function percentiles(experiment, example) {
    const box = element("details", { class: "percentiles" }, element("summary", {}, "Scores, and their percentiles (100: the hardest)"));
    box.addEventListener("toggle", async () => {
      if (!box.open || box.childElementCount > 1) return;
      const place = element("div", { "aria-busy": "true" }, "…");
      box.append(place);
      fill(place, await percentileTable(experiment, example));
      place.removeAttribute("aria-busy");
    });
    return box;
  }

  async function percentileTable(experiment, example) {
    const columns = [...experiment.columns.values()].filter(({ role }) => role === (experiment.rank[example] > 0 ? "train" : "test"));
    const rows = await Promise.all(columns.map(async ({ name }) => [name, (await experiment.percentiles(name))[example], (await experiment.values(name))[example]]));
    const known = rows.filter(([, share]) => !Number.isNaN(share)).sort((a, b) => b[1] - a[1]);
    return tableOf("Scores of this image", [["Score", ([name]) => name], ["Value", ([, , value]) => shortNumber(value), "number"],
      ["Percentile", ([, share]) => element("span", { class: "meter" }, element("span", { style: { width: `${100 * share}%` } }), element("b", {}, (100 * share).toFixed(0))), "number"]], known);
  }

  /** How many runs agree with the given label, epoch by epoch, and what they predict instead. */
  async function overEpochs(experiment, example) {
    const { evidence } = experiment.described, place = experiment.rank[example] - 1;
    if (place < 0 || place >= evidence.count || !evidence.epochs.length) return null;
    const [agreeing, predicted, heldOut] = await Promise.all([evidence.agreeing, evidence.predicted, evidence.held_out].map(Arrays.read));
    const width = evidence.epochs.length, row = (values) => values.subarray(place * width, (place + 1) * width);
    const shares = row(agreeing), classes = row(predicted), last = classes[width - 1];
    const said = `${percent(shares[width - 1])} of the runs that were trained on it agree after epoch ${evidence.epochs[width - 1]}`
      + (last === MISSING ? "" : `; most predict ${experiment.className(last)}`) + (Number.isNaN(heldOut[place]) ? "" : `; of those that held it out ${percent(heldOut[place])} agree`);
    const bars = Array.from(shares, (share, epoch) => element("span", {
      class: classes[epoch] === experiment.given[example] ? "agree" : "differ", style: { height: `${8 + 92 * (Number.isNaN(share) ? 0 : share)}%` },
      title: `epoch ${evidence.epochs[epoch]}: ${percent(share)} agree; most predict ${experiment.className(classes[epoch])}`,
    }));
    return element("figure", { class: "epochs" }, element("div", { class: "epoch-bars", role: "img", "aria-label": said }, bars),
      element("figcaption", {}, `Runs that agree with the label, epoch by epoch: ${said}.`));
  }

  /** Images as a row, each a button that leads to its own card. */
  function row(title, experiment, examples, open) {
    if (!examples.length) return null;
    return element("section", { class: "row" }, element("h3", {}, title), element("div", { class: "strip", role: "list" }, examples.map((example) =>
      element("div", { role: "listitem" }, element("button", { type: "button", class: "strip-item", "aria-label": Thumbnails.label(experiment, example), onclick: () => open(example) },
        Thumbnails.picture(experiment, example, { "aria-hidden": "true" }), element("span", {}, experiment.className(experiment.given[example])))))));
  }

  /** The images with the most similar features, and those that help and harm the prediction most. */
  async function related(experiment, example, open) {
    const { evidence } = experiment.described, place = experiment.rank[example] - 1, parts = [];
    if (evidence.nearest && place >= 0 && place < evidence.count) {
      const neighbors = await Arrays.read(evidence.neighbors);
      parts.push(row("Most similar training images", experiment, Array.from(neighbors.subarray(place * evidence.nearest, (place + 1) * evidence.nearest)).filter((other) => other >= 0), open));
    }
    const positions = (ids) => ids.map((id) => experiment.ids.indexOf(id)).filter((other) => other >= 0);
    for (const query of DATA.influential.filter((each) => each.experiment === experiment.name && each.example === experiment.ids[example])) {
      parts.push(row(`Most helpful to its prediction (${query.variant})`, experiment, positions(query.helpful), open));
      parts.push(row(`Most harmful to its prediction (${query.variant})`, experiment, positions(query.harmful), open));
    }
    return parts;
  }

  const WORDS = { keep: "Kept", drop: "Dropped", relabel: "Relabelled as" };

  /** What was decided on an example, in words; empty if nothing was. */
  function decision(experiment, example) {
    const decided = Decisions.of(experiment).get(experiment.ids[example]);
    if (!decided) {
      const before = Decisions.elsewhere(experiment).get(experiment.ids[example]);
      return before ? `Before, in ${before.name}, labelled ${before.given}: ${before.decision}${before.label ? ` as ${before.label}` : ""}` : "";
    }
    return decided.decision === "relabel" ? `${WORDS.relabel} ${decided.label}` : WORDS[decided.decision];
  }

  /** Buttons that decide on an example; `done` is called after each. */
  function controls(experiment, example, done) {
    const id = experiment.ids[example], log = Decisions.of(experiment);
    const decide = (decision) => { log.set(example, decision); done(decision); };
    const other = experiment.suggested[example];
    const input = element("input", {
      type: "text", list: Filters.classList(experiment), placeholder: "another class", "aria-label": "New label", class: "new-label",
      value: other === MISSING || other >= experiment.classes.length ? "" : experiment.className(other),
    });
    const relabel = () => {
      const found = completed(experiment.classes, input.value);
      if (found.length === 1) { input.blur(); decide({ decision: "relabel", label: found[0] }); return; } // keys decide again
      const what = found.length ? `${found.length} classes begin with “${input.value}”: ${found.slice(0, 3).join(", ")}${found.length > 3 ? ", …" : ""}.` : `No class is called “${input.value}”.`;
      input.setCustomValidity(what);
      input.reportValidity();
    };
    input.addEventListener("input", () => input.setCustomValidity(""));
    return element("form", { class: "controls", "aria-label": "Decision", onsubmit: (event) => { event.preventDefault(); relabel(); } },
      button("Keep", () => decide({ decision: "keep" }), { "aria-keyshortcuts": "k", class: "keep" }),
      button("Drop", () => decide({ decision: "drop" }), { "aria-keyshortcuts": "d", class: "drop" }),
      !experiment.hasSets && input, !experiment.hasSets && element("button", { type: "submit", "aria-keyshortcuts": "r", class: "relabel" }, "Relabel"),
      log.has(id) && button("Undecided", () => decide(null), { class: "quiet" }));
  }

  /** The class that a text names, or those that begin with it. */
  function completed(classes, text) {
    const exact = classes.find((name) => name.trim() === text.trim()), beginning = text.trim().toLowerCase();
    return exact !== undefined ? [exact] : classes.filter((name) => beginning && name.toLowerCase().startsWith(beginning));
  }

  /** Presses the button of a card that belongs to a key; returns whether there is one. */
  function press(card, event) {
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return false;
    const key = event.key.toLowerCase(), button = { k: ".keep", d: ".drop" }[key], input = card.querySelector(".new-label");
    if (button) card.querySelector(button)?.click();
    else if (key === "r" && input) { input.focus(); input.select(); }
    else return false;
    event.preventDefault();
    return true;
  }

  /** The whole card. `done(decision)` is called after each decision, `open(example)` where another image is chosen. */
  async function of(experiment, example, done, open) {
    await experiment.loadNames(example);
    const [known, epochs, others, scores] = await Promise.all([facts, overEpochs, related, percentiles].map((part) => part(experiment, example, open)));
    return element("article", { class: "card", "aria-label": `Image ${experiment.key(example)}` },
      picture(experiment, example),
      element("div", { class: "card-text" },
        element("p", { class: "decision", role: "status" }, decision(experiment, example)),
        experiment.rank[example] > 0 && controls(experiment, example, done), known, epochs, others, scores));
  }

  return { of, decision, press };
})();
