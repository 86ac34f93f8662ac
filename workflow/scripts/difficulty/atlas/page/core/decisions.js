// A person's decisions, kept in the browser for each image: { decision: keep, drop or relabel, label: name of the new one,
// given: name of the label that was decided on }.

const Decisions = (() => {
  const opened = new Map();
  const WORDS = ["keep", "drop", "relabel"];
  const storageName = (experiment) => `difficulty ${experiment.described.dataset} ${experiment.name}`;

  class Log {
    #all = new Map(); // tag of an image -> decision; also those on images and classes that are not here any more
    #steps = []; // of each the [tag, what was decided before] that it changed

    constructor(experiment) {
      this.experiment = experiment;
      this.isKept = true;
      this.reload();
    }

    /** Reads what the browser keeps, which another tab may have written. */
    reload() {
      if (this.isKept) this.#all = new Map(stored(storageName(this.experiment)));
      this.#sort();
    }

    /** example_id -> decision, of those that are about images and classes that are here. */
    #sort() {
      this.decided = new Map();
      for (const [tag, decision] of this.#all) {
        const example = this.experiment.byTag.get(tag);
        const isKnown = example !== undefined && (decision.decision !== "relabel" || this.experiment.classes.includes(decision.label));
        if (isKnown) this.decided.set(this.experiment.ids[example], decision);
      }
    }

    get size() { return this.decided.size; }
    has(id) { return this.decided.has(id); }
    get(id) { return this.decided.get(id); }

    /** How many decisions are about images, or for classes, that are not here any more. */
    get lost() { return this.#all.size - this.decided.size; }

    /** Decides on an example at a position; null takes the decision back. */
    set(example, decision) {
      this.setAll([[example, decision]]);
    }

    /** Decides on several examples, in one step. */
    setAll(changes) {
      const { tags, said } = this.experiment, given = (example) => this.experiment.className(said[example]);
      const step = this.#write(changes.map(([example, decision]) => [tags[example], decision && { ...decision, given: given(example) }]));
      if (step.length) this.#steps.push(step);
    }

    /** Takes the last step back, and returns the first example (its position) that it was about; null if there is none. */
    undo() {
      const step = this.#steps.pop();
      if (!step) return null;
      this.#write(step);
      return this.experiment.byTag.get(step[0][0]);
    }

    /** Writes changes to what the browser keeps now; returns what each was before. */
    #write(changes) {
      this.reload();
      const before = changes.map(([tag]) => [tag, this.#all.get(tag) ?? null]);
      for (const [tag, decision] of changes) {
        if (decision) this.#all.set(tag, decision);
        else this.#all.delete(tag);
      }
      try {
        localStorage.setItem(storageName(this.experiment), JSON.stringify([...this.#all]));
        this.isKept = true;
      } catch {
        this.isKept = false;
      }
      this.#sort();
      return before;
    }

    counts() {
      const counts = { keep: 0, drop: 0, relabel: 0 };
      for (const { decision } of this.decided.values()) counts[decision]++;
      return counts;
    }

    /** What people have to know of their decisions, if anything. */
    get warnings() {
      const found = [];
      if (!this.isKept) found.push("The browser keeps nothing: export your decisions before you close the page.");
      if (this.lost) found.push(`${counted(this.lost, "decision")} made before ${this.lost === 1 ? "is" : "are"} about images or classes that are not here any more, and will not be exported.`);
      return found;
    }
  }

  /** The decisions that the browser keeps under a name; none if it keeps something else there, or nothing. */
  function stored(name) {
    try {
      const found = JSON.parse(localStorage.getItem(name) ?? "[]");
      return found.filter(([tag, made]) => Number.isInteger(tag) && WORDS.includes(made.decision) && (made.decision !== "relabel" || typeof made.label === "string"));
    } catch {
      return [];
    }
  }

  addEventListener("storage", ({ key }) => {
    for (const log of opened.values()) {
      if (key !== null && key !== storageName(log.experiment)) continue; // null: all were removed
      log.reload();
      document.dispatchEvent(new CustomEvent("decided"));
    }
  });

  /** The decisions on an experiment's examples. */
  function of(experiment) {
    if (!opened.has(experiment.name)) opened.set(experiment.name, new Log(experiment));
    return opened.get(experiment.name);
  }

  /** example_id -> { name, decision, label, given } of what was decided in other experiments on the same images. */
  function elsewhere(experiment) {
    const found = new Map();
    for (const { name, dataset } of DATA.experiments) {
      if (name === experiment.name || DATA.datasets[dataset].root !== experiment.dataset.root) continue;
      for (const [tag, decided] of stored(`difficulty ${dataset} ${name}`)) {
        const example = experiment.byTag.get(tag);
        if (example !== undefined) found.set(experiment.ids[example], { name, ...decided });
      }
    }
    return found;
  }

  const HEADER = ["example_id", "key", "file", "given_label", "suggested_label", "decision", "new_label"];

  /** The decisions as `select: {by: list}` reads them: CSV, in the order of the list of suspects. */
  function asCsv(experiment) {
    const log = of(experiment);
    const rows = [...log.decided].map(([id, decided]) => [experiment.ids.indexOf(id), decided]);
    rows.sort(([a], [b]) => (experiment.rank[a] || Infinity) - (experiment.rank[b] || Infinity) || a - b);
    const lines = rows.map(([example, { decision, label }]) => [
      experiment.ids[example], experiment.key(example), experiment.file(example),
      experiment.className(experiment.said[example]),
      experiment.suggested[example] === MISSING ? "" : experiment.className(experiment.suggested[example]),
      decision, decision === "relabel" ? label : "",
    ]);
    return [HEADER, ...lines].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

  /** Text that a spreadsheet would run gets an apostrophe before it, as in all lists of this workflow. */
  function cell(value) {
    if (typeof value === "number") return String(value);
    const text = value.replaceAll("\r", "\n");
    const marked = FORMULA.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(marked) ? `"${marked.replaceAll('"', '""')}"` : marked;
  }

  const unmarked = (text) => (text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text);

  /** Rows of a CSV text, each an array of cells. */
  function parsed(text, separator = ",") {
    const rows = [[]];
    let cellText = "", quoted = false, place = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    const endCell = () => { rows.at(-1).push(cellText); cellText = ""; };
    for (; place < text.length; place++) {
      const character = text[place];
      if (quoted) {
        if (character !== '"') cellText += character;
        else if (text[place + 1] === '"') { cellText += '"'; place++; }
        else quoted = false;
      } else if (character === '"' && cellText === "") quoted = true;
      else if (character === separator) endCell();
      else if (character === "\n" || character === "\r") {
        if (character === "\r" && text[place + 1] === "\n") place++;
        endCell();
        rows.push([]);
      } else cellText += character;
    }
    if (cellText || rows.at(-1).length) endCell();
    return rows;
  }

  const plain = (text) => text.normalize("NFC").trim();

  /** The rows of a list, whichever of , ; and tab stands between its cells, with the places of its columns. */
  function tableIn(text) {
    for (const separator of ",;\t") {
      const [header = [], ...rows] = parsed(text, separator);
      const column = Object.fromEntries(header.map((name, place) => [name.trim(), place]));
      if (Object.hasOwn(column, "example_id") && Object.hasOwn(column, "decision")) return { column, rows };
    }
    throw new Error("The list has no columns example_id and decision.");
  }

  /** Takes over the decisions of a list; returns how many. Throws an Error that names the first row that cannot be followed. */
  async function takeOver(experiment, text) {
    const { column, rows } = tableIn(text), places = new Map();
    await experiment.loadNames();
    experiment.ids.forEach((id, example) => places.set(String(id), example));
    const taken = new Map();
    for (const [number, row] of rows.entries()) {
      if (!row.some(Boolean)) continue;
      const line = number + 2, cellOf = (name) => (Object.hasOwn(column, name) ? plain(unmarked((row[column[name]] ?? "").trim())) : "");
      const fail = (why) => { throw new Error(`Row ${line}: ${why}.`); };
      const decision = cellOf("decision").toLowerCase(), id = cellOf("example_id"), example = places.get(id);
      if (!decision) continue;
      if (!WORDS.includes(decision)) fail(`“${decision}” is none of keep, drop, relabel`);
      if (example === undefined) fail(`there is no example ${id || "without a number"} here`);
      if (taken.has(example)) fail(`example ${id} is decided on a second time`);
      const given = plain(experiment.className(experiment.said[example])), key = plain(experiment.key(example));
      if (cellOf("key") && cellOf("key") !== key) fail(`example ${id} is “${key}” here, not “${cellOf("key")}”: the list is of other images`);
      if (cellOf("given_label") && cellOf("given_label") !== given) fail(`example ${id} is labelled “${given}” here, not “${cellOf("given_label")}”: the list is of other labels`);
      const label = decision === "relabel" ? cellOf("new_label") || cellOf("suggested_label") : null;
      if (label !== null && experiment.hasSets) fail("images have several labels each; keep or drop this one");
      if (label === "") fail("relabel needs the label in the column new_label or suggested_label");
      const known = experiment.classes.find((name) => plain(name) === label);
      if (label !== null && known === undefined) fail(`no class is called “${label}”`);
      taken.set(example, label === null ? { decision } : { decision, label: known });
    }
    of(experiment).setAll([...taken]);
    return taken.size;
  }

  return { of, elsewhere, asCsv, takeOver, parsed };
})();
