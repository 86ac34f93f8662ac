// A person's decisions, kept in the browser: example_id -> { decision: keep, drop or relabel, label: name of the new one }.

const Decisions = (() => {
  const opened = new Map();
  const WORDS = ["keep", "drop", "relabel"];
  const storageName = (experiment) => `difficulty ${experiment.dataset.digest} ${experiment.name}`;

  class Log {
    #all = new Map(); // also those on images and classes that are not here any more
    #steps = []; // of each the [example_id, what it was before] that it changed

    constructor(experiment) {
      this.experiment = experiment;
      this.isKept = true;
      this.known = new Set(experiment.ids);
      this.reload();
    }

    /** Reads what the browser keeps, which another tab may have written. */
    reload() {
      if (this.isKept) this.#all = new Map(stored(storageName(this.experiment)));
      this.decided = new Map([...this.#all].filter(([id, decision]) => this.#isKnown(id, decision)));
    }

    #isKnown(id, { decision, label }) {
      return this.known.has(id) && (decision !== "relabel" || this.experiment.classes.includes(label));
    }

    get size() { return this.decided.size; }
    has(id) { return this.decided.has(id); }
    get(id) { return this.decided.get(id); }

    /** How many decisions are about images, or for classes, that are not here any more. */
    get lost() { return this.#all.size - this.decided.size; }

    /** Decides on an example; null takes the decision back. */
    set(id, decision) {
      this.setAll([[id, decision]]);
    }

    /** Decides on several examples, in one step. */
    setAll(changes) {
      this.#steps.push(this.#write(changes));
    }

    /** Takes the last step back, and returns the first example that it was about; null if there is none. */
    undo() {
      const step = this.#steps.pop();
      if (!step?.length) return null;
      this.#write(step);
      return step[0][0];
    }

    /** Writes changes to what the browser keeps now; returns what each was before. */
    #write(changes) {
      this.reload();
      const before = changes.map(([id]) => [id, this.#all.get(id) ?? null]);
      for (const [id, decision] of changes) {
        if (decision) this.#all.set(id, decision);
        else this.#all.delete(id);
      }
      const kept = [...this.#all];
      try {
        localStorage.setItem(storageName(this.experiment), JSON.stringify(kept));
        this.isKept = true;
      } catch {
        this.isKept = false;
      }
      this.decided = new Map(kept.filter(([id, decision]) => this.#isKnown(id, decision)));
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
      return found.filter(([id, made]) => Number.isInteger(id) && WORDS.includes(made.decision) && (made.decision !== "relabel" || typeof made.label === "string"));
    } catch {
      return [];
    }
  }

  addEventListener("storage", ({ key }) => {
    for (const log of opened.values()) {
      if (key !== storageName(log.experiment)) continue;
      log.reload();
      document.dispatchEvent(new CustomEvent("decided"));
    }
  });

  /** The decisions on an experiment's examples. */
  function of(experiment) {
    if (!opened.has(experiment.name)) opened.set(experiment.name, new Log(experiment));
    return opened.get(experiment.name);
  }

  /** example_id -> { name, decision, label } of what was decided in other experiments on images of the same data set. */
  function elsewhere(experiment) {
    const found = new Map();
    for (const { name, dataset } of DATA.experiments) {
      const { root, digest } = DATA.datasets[dataset];
      if (name === experiment.name || root !== experiment.dataset.root) continue;
      for (const [id, decided] of stored(`difficulty ${digest} ${name}`)) found.set(id, { name, ...decided });
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
      } else if (character === '"') quoted = true;
      else if (character === separator) endCell();
      else if (character === "\n" || character === "\r") {
        if (character === "\r" && text[place + 1] === "\n") place++;
        endCell();
        rows.push([]);
      } else cellText += character;
    }
    if (cellText || rows.at(-1).length) endCell();
    return rows.filter((row) => row.some(Boolean));
  }

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
      const line = number + 2, cellOf = (name) => (Object.hasOwn(column, name) ? unmarked((row[column[name]] ?? "").trim()) : "");
      const fail = (why) => { throw new Error(`Row ${line}: ${why}.`); };
      const decision = cellOf("decision").toLowerCase(), id = cellOf("example_id"), example = places.get(id);
      if (!decision) continue;
      if (!WORDS.includes(decision)) fail(`“${decision}” is none of keep, drop, relabel`);
      if (example === undefined) fail(`there is no example ${id || "without a number"} here`);
      if (taken.has(experiment.ids[example])) fail(`example ${id} is decided on a second time`);
      const given = experiment.className(experiment.said[example]), key = experiment.key(example);
      if (cellOf("key") && cellOf("key") !== key.trim()) fail(`example ${id} is “${key}” here, not “${cellOf("key")}”: the list is of other images`);
      if (cellOf("given_label") && cellOf("given_label") !== given.trim()) fail(`example ${id} is labelled “${given}” here, not “${cellOf("given_label")}”: the list is of other labels`);
      const label = decision === "relabel" ? cellOf("new_label") || cellOf("suggested_label") : null;
      const known = experiment.classes.find((name) => name.trim() === label);
      if (label !== null && known === undefined) fail(`no class is called “${label}”`);
      taken.set(experiment.ids[example], label === null ? { decision } : { decision, label: known });
    }
    of(experiment).setAll([...taken]);
    return taken.size;
  }

  return { of, elsewhere, asCsv, takeOver, parsed };
})();
