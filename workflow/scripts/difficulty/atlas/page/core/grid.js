// A grid of images of any number, of which only the rows in sight are elements of the page. The images of a row are
// painted into one canvas: a browser scrolls ten of these smoothly where it does not a hundred.

/** `caption(example)` gives the text below an image, `open(example)` is called when it is chosen. */
class Grid {
  #rows = new Map(); // number of a row -> its element
  #columns = 1;
  #frame = 0;

  static #GAP = 8; // pixels around an image
  static #TEXT = 46; // pixels for the caption
  static #HIGHEST = 16e6; // pixels; a browser cannot scroll through much more

  constructor(experiment, { caption, open, side = 96 }) {
    Object.assign(this, { experiment, caption, open, side });
    this.examples = [];
    this.width = side + 2 * Grid.#GAP;
    this.height = side + 2 * Grid.#GAP + Grid.#TEXT;
    this.inner = element("div", { class: "grid-inner", role: "list" });
    this.note = element("p", { class: "about" });
    this.root = element("div", { class: "grid", onscroll: () => this.#request(), onkeydown: (event) => this.#move(event) }, this.inner);
    this.observer = new ResizeObserver(() => this.#layOut());
    this.observer.observe(this.root);
  }

  /** Shows these examples, from the first on. */
  show(examples) {
    this.examples = examples;
    this.root.scrollTop = 0;
    this.#clear();
    this.#layOut();
  }

  /** Writes the captions again, and nothing else. */
  refresh() {
    for (const row of this.#rows.values()) row.cells.forEach((cell) => this.#write(cell));
  }

  #layOut() {
    const columns = Math.max(1, Math.floor(this.root.clientWidth / this.width));
    if (columns !== this.#columns) this.#clear();
    this.#columns = columns;
    const rows = Math.min(Math.ceil(this.examples.length / columns), Math.floor(Grid.#HIGHEST / this.height));
    this.inner.style.height = `${rows * this.height}px`;
    const reached = Math.min(this.examples.length, rows * columns);
    fill(this.note, reached < this.examples.length && `The first ${wholeNumber(reached)} are shown; filters lead to the others.`);
    this.rows = rows;
    this.#render();
  }

  #clear() {
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
  }

  #request() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#render());
  }

  #render() {
    const first = Math.max(0, Math.floor(this.root.scrollTop / this.height) - 1);
    const last = Math.min(this.rows, Math.ceil((this.root.scrollTop + this.root.clientHeight) / this.height) + 1);
    for (const [number, row] of this.#rows) {
      if ((number >= first && number < last) || row.contains(document.activeElement)) continue; // the focus stays
      this.#rows.delete(number);
      row.remove();
    }
    for (let number = first; number < last; number++) if (!this.#rows.has(number)) this.#rows.set(number, this.#row(number));
  }

  #row(number) {
    const start = number * this.#columns, examples = Array.from(this.examples.slice(start, start + this.#columns));
    const density = Math.min(2, devicePixelRatio), canvas = element("canvas", { "aria-hidden": "true" });
    canvas.width = this.#columns * this.width * density;
    canvas.height = (this.side + 2 * Grid.#GAP) * density;
    canvas.style.width = `${this.#columns * this.width}px`;
    const cells = examples.map((example, column) => this.#cell(example, start + column));
    const row = element("div", { class: "grid-row", role: "presentation", style: { top: `${number * this.height}px`, height: `${this.height}px` } }, canvas, cells);
    row.cells = cells;
    const context = canvas.getContext("2d"), isWanted = () => row.isConnected;
    examples.forEach((example, column) => Thumbnails.paint(context, this.experiment, example,
      { x: (column * this.width + Grid.#GAP) * density, y: Grid.#GAP * density, side: this.side * density, isWanted }));
    this.inner.append(row);
    return row;
  }

  #cell(example, place) {
    const text = element("span", { class: "grid-caption" });
    const choose = element("button", { type: "button", class: "grid-cell", style: { paddingTop: `${this.side + Grid.#GAP}px` }, onclick: () => this.open(example) }, text);
    const cell = element("div", { role: "listitem", class: "grid-item", style: { width: `${this.width}px` } }, choose);
    return this.#write(Object.assign(cell, { example, place, text, choose }));
  }

  #write(cell) {
    cell.choose.setAttribute("aria-label", Thumbnails.label(this.experiment, cell.example));
    fill(cell.text, this.caption(cell.example));
    cell.choose.dataset.decision = Decisions.of(this.experiment).get(this.experiment.ids[cell.example])?.decision ?? "";
    return cell;
  }

  /** Arrow keys go from image to image. */
  #move(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns, ArrowUp: -this.#columns };
    const current = document.activeElement.closest(".grid-item");
    if (!(event.key in steps) || !current) return;
    event.preventDefault();
    const place = Math.min(this.examples.length - 1, this.rows * this.#columns - 1, Math.max(0, current.place + steps[event.key]));
    const number = Math.floor(place / this.#columns), top = number * this.height;
    if (top < this.root.scrollTop) this.root.scrollTop = top;
    if (top + this.height > this.root.scrollTop + this.root.clientHeight) this.root.scrollTop = top + this.height - this.root.clientHeight;
    this.#render();
    this.#rows.get(number)?.cells[place % this.#columns].choose.focus({ preventScroll: true });
  }
}
