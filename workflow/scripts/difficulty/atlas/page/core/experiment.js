// What the page knows: its data, and the experiment that is looked at.

const DATA = JSON.parse(document.getElementById("data").textContent);

/** An experiment with the arrays that every view needs; per example, in the order of its data set. */
class Experiment {
  static #opened = new Map();

  /** The experiment of that name; the first if there is none. */
  static open(name) {
    const described = DATA.experiments.find((each) => each.name === name) ?? DATA.experiments[0];
    if (!this.#opened.has(described.name)) this.#opened.set(described.name, new Experiment(described).#load());
    return this.#opened.get(described.name);
  }

  constructor(described) {
    this.name = described.name;
    this.described = described;
    this.dataset = DATA.datasets[described.dataset];
    this.count = this.dataset.count;
    this.classes = this.dataset.classes;
    this.labels = [...this.classes, ...described.suspects.sets]; // and sets of classes, where images have several
    this.columns = new Map(described.columns.map((column) => [column.name, column]));
    this.orders = new Map();
  }

  async #load() {
    const { dataset, described } = this;
    const listed = described.suspects;
    const wanted = [dataset.ids, dataset.tags, dataset.split, dataset.label, dataset.duplicate, dataset.tiles,
      described.given, described.corrupt, listed.positions, listed.given, listed.suggested, listed.share, listed.probability, listed.verdict];
    const read = await Promise.all(wanted.map(Arrays.read));
    let positions, sets, suggested, share, probability, verdict;
    [this.ids, this.tags, this.split, this.label, this.duplicate, this.tiles, this.given, this.corrupt,
      positions, sets, suggested, share, probability, verdict] = read;
    this.suspects = positions;
    this.hasSets = sets !== null;
    this.said = Uint16Array.from(this.given); // the given label as it is called
    this.verdicts = listed.verdicts;
    this.suggested = new Uint16Array(this.count).fill(MISSING);
    this.share = new Float32Array(this.count).fill(NaN);
    this.probability = new Float32Array(this.count).fill(NaN);
    this.verdict = new Uint8Array(this.count).fill(255);
    this.rank = new Uint32Array(this.count); // 1 for the most suspect, 0 for those that are not listed
    positions.forEach((example, place) => {
      this.suggested[example] = suggested[place];
      if (sets) this.said[example] = sets[place];
      this.share[example] = share[place];
      this.probability[example] = probability[place];
      this.verdict[example] = verdict[place];
      this.rank[example] = place + 1;
    });
    if (this.count <= Experiment.#FEW) await this.loadNames();
    else if (this.count <= Experiment.#MANY) setTimeout(() => this.loadNames(), 1000); // once something is seen
    return this;
  }

  static #FEW = 20000; // examples whose names are read at the start
  static #MANY = 100000; // whose names are read soon

  /** Reads the names of all examples, or of the one at a position. */
  async loadNames(example = null) {
    const { block, keys, files } = this.dataset, only = example === null ? null : Math.floor(example / block);
    await Promise.all(keys.map(async (described, number) => {
      if (only !== null && number !== only) return;
      [this.#keys[number], this.#files[number]] = await Promise.all([Arrays.read(described), Arrays.read(files[number])]);
    }));
  }

  #keys = [];
  #files = [];

  /** The name of an example in its source; its number while names are not read. */
  key(example) {
    return this.#keys[Math.floor(example / this.dataset.block)]?.[example % this.dataset.block] ?? `#${this.ids[example]}`;
  }

  file(example) {
    return this.#files[Math.floor(example / this.dataset.block)]?.[example % this.dataset.block] ?? "";
  }

  /** Values of a score or another column; `a~b` is by how much two scores disagree about an image, in
   * percentiles among the images that have both. */
  async values(name) {
    const pair = name.split("~");
    if (pair.length === 2) {
      const [first, second] = await Promise.all(pair.map((each) => this.values(each)));
      const both = (values) => values.map((value, place) => (Number.isNaN(first[place]) || Number.isNaN(second[place]) ? NaN : value));
      const [one, other] = [first, second].map((values, side) => Columns.percentiles(both(values), this.direction(pair[side])));
      return one.map((value, place) => Math.abs(value - other[place]));
    }
    return Arrays.read(this.columns.get(name)?.values);
  }

  #byTag;

  /** Tag of an image -> its position. */
  get byTag() {
    this.#byTag ??= new Map(Array.from(this.tags, (tag, example) => [tag, example]));
    return this.#byTag;
  }

  /** Whether an example has a place in an order: others come last in it, and in the opposite one. */
  async places(name) {
    if (name === "suspects") return (example) => this.rank[example] > 0;
    const values = await this.values(name);
    return (example) => !Number.isNaN(values[example]);
  }

  direction(name) {
    return this.columns.get(name)?.direction ?? 1;
  }

  async percentiles(name) {
    return Columns.percentiles(await this.values(name), this.direction(name));
  }

  /** Whether a name is that of a column, or of two with `~` between them. */
  has(name) {
    const names = (name ?? "").split("~");
    return names.length <= 2 && names.every((each) => this.columns.has(each));
  }

  /** Positions from the hardest to the easiest by a score, or `suspects`: in the order of that list, then the others. */
  async order(name) {
    if (!this.orders.has(name)) {
      this.orders.set(name, name === "suspects" ? this.#bySuspicion() : Columns.order(await this.values(name), this.direction(name)));
    }
    return this.orders.get(name);
  }

  #bySuspicion() {
    const others = Uint32Array.from({ length: this.count }, (_, place) => place).filter((place) => !this.rank[place]);
    const all = new Uint32Array(this.count);
    all.set(this.suspects);
    all.set(others, this.suspects.length);
    return all;
  }

  /** The sentence of evidence of an example; empty for one that is not listed. */
  async evidence(example) {
    if (!this.rank[example]) return "";
    const { evidence, block } = this.described.suspects, place = this.rank[example] - 1;
    const text = (await Arrays.read(evidence[Math.floor(place / block)]))[place % block], { trustworthy, reason } = this.described.errors;
    if (trustworthy) return text;
    const why = ` ${reason[0].toUpperCase()}${reason.slice(1)}.`; // which stands above every view
    return text.endsWith(why) ? text.slice(0, -why.length) : text;
  }

  className(label) {
    return label === MISSING ? "–" : this.labels[label];
  }
}
