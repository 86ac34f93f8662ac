// A person's decisions, kept in the browser: example_id -> { decision: keep, drop or relabel, label: index of the new one }.

const Decisions = (() => {
  const opened = new Map();
  const storageName = (experiment) => `difficulty ${DATA.digest} ${experiment.name}`;

  class Log {
    constructor(experiment) {
      this.experiment = experiment;
      this.steps = []; // [example_id, what it was before]
      this.decided = new Map(read(storageName(experiment)));
    }

    get size() { return this.decided.size; }
    has(id) { return this.decided.has(id); }
    get(id) { return this.decided.get(id); }

    /** Decides on an example; null takes the decision back. */
    set(id, decision) {
      this.steps.push([id, this.decided.get(id) ?? null]);
      this.#write(id, decision);
    }

    /** Takes the last step back, and returns the example that it was about; null if there is none. */
    undo() {
      const step = this.steps.pop();
      if (!step) return null;
      this.#write(...step);
      return step[0];
    }

    #write(id, decision) {
      if (decision) this.decided.set(id, decision);
      else this.decided.delete(id);
      try {
        localStorage.setItem(storageName(this.experiment), JSON.stringify([...this.decided]));
      } catch {
        announce("The browser keeps nothing; export your decisions before you close the page.");
      }
    }

    counts() {
      const counts = { keep: 0, drop: 0, relabel: 0 };
      for (const { decision } of this.decided.values()) counts[decision]++;
      return counts;
    }
  }

  function read(name) {
    try {
      return JSON.parse(localStorage.getItem(name) ?? "[]");
    } catch {
      return [];
    }
  }

  /** The decisions on an experiment's examples. */
  function of(experiment) {
    if (!opened.has(experiment.name)) opened.set(experiment.name, new Log(experiment));
    return opened.get(experiment.name);
  }

  const HEADER = ["example_id", "key", "file", "given_label", "suggested_label", "decision", "new_label"];

  /** The decisions as `select: {by: list}` reads them: CSV, in the order of the list of suspects. */
  function asCsv(experiment) {
    const log = of(experiment);
    const rows = [...log.decided].map(([id, decided]) => [experiment.ids.indexOf(id), decided]);
    rows.sort(([a], [b]) => (experiment.rank[a] || Infinity) - (experiment.rank[b] || Infinity) || a - b);
    const lines = rows.map(([example, { decision, label }]) => [
      experiment.ids[example], experiment.key(example), experiment.file(example),
      experiment.className(experiment.given[example]),
      experiment.suggested[example] === MISSING ? "" : experiment.className(experiment.suggested[example]),
      decision, decision === "relabel" ? experiment.className(label) : "",
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
  function parsed(text) {
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
      else if (character === ",") endCell();
      else if (character === "\n" || character === "\r") {
        if (character === "\r" && text[place + 1] === "\n") place++;
        endCell();
        rows.push([]);
      } else cellText += character;
    }
    if (cellText || rows.at(-1).length) endCell();
    return rows.filter((row) => row.some(Boolean));
  }

  /** Takes over the decisions of a list; returns how many. Throws an Error that names the row for one that is unknown. */
  function takeOver(experiment, text) {
    const [header, ...rows] = parsed(text);
    const column = Object.fromEntries((header ?? []).map((name, place) => [name.trim(), place]));
    if (!("example_id" in column) || !("decision" in column)) throw new Error("The list has no columns example_id and decision.");
    const known = new Set(experiment.ids);
    const taken = rows.map((row, place) => [row, place + 2]).filter(([row]) => row[column.decision]?.trim()).map(([row, line]) => {
      const id = Number(row[column.example_id]), decision = row[column.decision].trim().toLowerCase();
      if (!known.has(id)) throw new Error(`Row ${line}: there is no example ${row[column.example_id]} here.`);
      if (!["keep", "drop", "relabel"].includes(decision)) throw new Error(`Row ${line}: “${decision}” is none of keep, drop, relabel.`);
      if (decision !== "relabel") return [id, { decision }];
      const name = unmarked(row[column.new_label] || row[column.suggested_label] || "");
      const label = experiment.classes.indexOf(name);
      if (label < 0) throw new Error(`Row ${line}: no class is called “${name}”.`);
      return [id, { decision, label }];
    });
    const log = of(experiment);
    taken.forEach(([id, decision]) => log.set(id, decision));
    return taken.length;
  }

  return { of, asCsv, takeOver, parsed };
})();
