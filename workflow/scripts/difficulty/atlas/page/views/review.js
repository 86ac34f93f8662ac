// Labels to check, one after another.

const ReviewView = {
  title: "Review",
  async show(root, experiment, state) {
    const examples = Array.from(await Selection.chosen(experiment, state)).filter((example) => experiment.rank[example] > 0);
    const log = Decisions.of(experiment);
    const wanted = Number(state.at), named = examples.findIndex((example) => experiment.ids[example] === wanted);
    const before = Decisions.elsewhere(experiment), isDone = (example) => {
      const id = experiment.ids[example], { decision, given } = before.get(id) ?? {};
      return log.has(id) || (decision === "keep" && given === experiment.className(experiment.said[example]));
    };
    let place = named >= 0 ? named : Math.max(0, examples.findIndex((example) => !isDone(example)));
    const card = element("div", { class: "review-card", tabindex: "-1" }), progress = element("p", { class: "count", role: "status" });
    const said = element("div", { class: "said" }), strip = element("div", { class: "strip", role: "list", "aria-label": "Next images" });

    const render = () => keepingFocus(renderAnew);

    async function renderAnew() {
      const { keep, drop, relabel } = log.counts();
      fill(said, log.warnings.map((text) => element("p", { class: "warning", role: "alert" }, text)));
      fill(progress, `${wholeNumber(examples.length && place + 1)} of ${wholeNumber(examples.length)} · decided ${wholeNumber(log.size)}: ${keep} kept, ${drop} dropped, ${relabel} relabelled`);
      const example = examples[place];
      if (example === undefined) { fill(card, element("p", { class: "empty" }, "No listed image passes all filters.")); return; }
      Address.go({ at: experiment.ids[example] }, { replace: true, quiet: true });
      fill(card, await Card.of(experiment, example, (decision) => decided(example, decision), open));
      const around = examples.slice(place + 1, place + 9);
      fill(strip, around.map((other, step) => element("div", { role: "listitem" }, element("button", { type: "button", class: "strip-item", "aria-label": Thumbnails.label(experiment, other), onclick: () => go(place + 1 + step) }, Thumbnails.picture(experiment, other, { "aria-hidden": "true" })))));
    }

    function go(target) {
      place = Math.min(examples.length - 1, Math.max(0, target));
      return render();
    }

    /** Another image: in its place in the list, or, if the filters leave it out, in the view of all images. */
    function open(example) {
      const target = examples.indexOf(example);
      if (target >= 0) go(target);
      else Address.go({ view: "images", e: state.e, at: experiment.ids[example] }, { from: {} });
    }

    function decided(example, decision) {
      announce(decision ? `${experiment.key(example)}: ${Card.decision(experiment, example)}` : "Undecided");
      return (decision ? go(place + 1) : render()).then(() => { if (document.activeElement === document.body) card.focus({ preventScroll: true }); });
    }

    function undo() {
      const example = log.undo();
      if (example === null) { fill(said, element("p", { role: "alert" }, "There is nothing to undo: decisions of an earlier visit are changed one by one.")); return; }
      const back = examples.indexOf(example);
      announce(`Undone: ${experiment.key(example)}`);
      go(back >= 0 ? back : place);
    }

    const keys = { u: undo, n: () => go(place + 1), arrowright: () => go(place + 1), p: () => go(place - 1), arrowleft: () => go(place - 1) };
    const onKey = (event) => {
      if (event.target.matches("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
      const key = event.key.toLowerCase();
      if (Card.press(card, event) || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, key)) return;
      event.preventDefault();
      keys[key]();
    };
    document.addEventListener("decided", render);
    document.addEventListener("keydown", onKey);

    fill(root,
      warningOf(experiment), said,
      Filters.bar(experiment, state),
      element("div", { class: "toolbar" }, progress,
        button("Undo", undo, { "aria-keyshortcuts": "u" }),
        button("Export decisions", async () => { await experiment.loadNames(); save(experiment); }),
        importControl(experiment, render)),
      card, strip,
      element("p", { class: "about" }, "Keys: K keep, D drop, R relabel (type, then Enter), U undo, N or → next, P or ← previous. Decisions stay in this browser until they are exported. ",
        experiment.corrupt ? "Labels of this experiment are not all those of the data set (noise was planted): decisions on these make no data set." :
          ["Put the exported list beside config.yaml, and add to its data sets ", element("code", {}, `${freeName()}: {source: subset, of: ${experiment.described.dataset}, select: {by: list, path: decisions-${experiment.name}.csv}}`), " and to its experiments ", element("code", {}, `${freeName()}: {dataset: ${freeName()}}`), "; then start the same command again."]),
    );
    await render();
    return () => { document.removeEventListener("keydown", onKey); document.removeEventListener("decided", render); };
  },
};

/** A name for a corrected data set that is not taken yet. */
function freeName() {
  const taken = new Set([...Object.keys(DATA.datasets), ...DATA.experiments.map(({ name }) => name)]);
  for (let number = 1; ; number++) {
    const name = number === 1 ? "corrected" : `corrected${number}`;
    if (!taken.has(name)) return name;
  }
}

/** Why the list deserves no trust, if it does not. */
function warningOf(experiment) {
  const { trustworthy, reason } = experiment.described.errors;
  return trustworthy ? null : element("p", { class: "warning", role: "note" }, `This list cannot be trusted: ${reason}. Its order may still be better than chance: look at the first images yourself.`);
}

function save(experiment) {
  const blob = new Blob([Decisions.asCsv(experiment)], { type: "text/csv" });
  const link = element("a", { href: URL.createObjectURL(blob), download: `decisions-${experiment.name}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  announce(`${counted(Decisions.of(experiment).size, "decision")} exported.`);
}

function importControl(experiment, done) {
  const input = element("input", { type: "file", accept: ".csv,text/csv", class: "unseen", "aria-label": "Import decisions", tabindex: "-1" });
  const said = element("span", { role: "alert", class: "said" });
  input.addEventListener("change", async () => {
    try {
      const count = await Decisions.takeOver(experiment, await textOf(input.files[0]));
      fill(said, `${counted(count, "decision")} taken over.`);
      await done();
    } catch (error) {
      fill(said, error.message);
    }
    input.value = "";
  });
  return [button("Import decisions", () => input.click()), input, said];
}

/** A file's text; throws an Error for one that is not in UTF-8, in which names would be others. */
async function textOf(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error("The list is not in UTF-8; save it as “CSV UTF-8”.");
  }
}
