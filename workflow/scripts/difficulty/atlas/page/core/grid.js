// A grid of images of any number, of which only those in sight are elements of the page.

/** `caption(example)` gives the text below an image, `open(example)` is called when it is chosen. */
class Grid {
  #cells = new Map(); // place in the list -> cell
  #free = [];
  #columns = 1;
  #frame = 0;

  constructor(experiment, { caption, open, side = 96 }) {
    Object.assign(this, { experiment, caption, open });
    this.examples = [];
    this.width = side + 16;
    this.height = side + 52;
    this.side = side;
    this.inner = element("div", { class: "grid-inner" });
    this.root = element("div", { class: "grid", role: "list", tabindex: "-1", onscroll: () => this.#request(), onkeydown: (event) => this.#move(event) }, this.inner);
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
    for (const [place, cell] of this.#cells) this.#write(cell, place);
  }

  #layOut() {
    const columns = Math.max(1, Math.floor(this.root.clientWidth / this.width));
    if (columns !== this.#columns) this.#clear();
    this.#columns = columns;
    this.inner.style.height = `${Math.ceil(this.examples.length / columns) * this.height}px`;
    this.#render();
  }

  #clear() {
    for (const cell of this.#cells.values()) { cell.remove(); this.#free.push(cell); }
    this.#cells.clear();
  }

  #request() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#render());
  }

  #render() {
    const above = Math.floor(this.root.scrollTop / this.height) - 1;
    const below = Math.ceil((this.root.scrollTop + this.root.clientHeight) / this.height) + 1;
    const first = Math.max(0, above * this.#columns), last = Math.min(this.examples.length, below * this.#columns);
    for (const [place, cell] of this.#cells) {
      if (place >= first && place < last) continue;
      if (cell.contains(document.activeElement)) continue; // the focus does not get lost by scrolling
      this.#cells.delete(place);
      this.#free.push(cell);
    }
    for (let place = first; place < last; place++) if (!this.#cells.has(place)) this.#cells.set(place, this.#write(this.#free.pop() ?? this.#cell(), place));
    this.#free.splice(0).forEach((cell) => cell.remove());
  }

  #cell() {
    const canvas = element("canvas", { class: "thumbnail", "aria-hidden": "true" });
    if (Thumbnails.isTiny(this.experiment)) canvas.classList.add("pixels");
    const text = element("span", { class: "grid-caption" });
    const choose = element("button", { type: "button", class: "grid-cell", onclick: () => this.open(cell.example) }, canvas, text);
    const cell = element("div", { role: "listitem", class: "grid-item" }, choose);
    Object.assign(cell, { canvas, text, choose });
    cell.style.width = `${this.width}px`;
    cell.style.height = `${this.height}px`;
    canvas.style.width = canvas.style.height = `${this.side}px`;
    return cell;
  }

  #write(cell, place) {
    const example = this.examples[place];
    const column = place % this.#columns, row = Math.floor(place / this.#columns);
    cell.style.transform = `translate(${column * this.width}px, ${row * this.height}px)`;
    if (cell.example !== example || !cell.isConnected) {
      cell.example = example;
      Thumbnails.draw(cell.canvas, this.experiment, example);
    }
    cell.place = place;
    cell.choose.setAttribute("aria-label", Thumbnails.label(this.experiment, example));
    fill(cell.text, this.caption(example));
    cell.choose.dataset.decision = Decisions.of(this.experiment).get(this.experiment.ids[example])?.decision ?? "";
    if (!cell.isConnected) this.inner.append(cell);
    return cell;
  }

  /** Arrow keys go from image to image. */
  #move(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns, ArrowUp: -this.#columns };
    const step = steps[event.key];
    const current = [...this.#cells.values()].find((cell) => cell.contains(document.activeElement));
    if (!step || !current) return;
    event.preventDefault();
    const place = Math.min(this.examples.length - 1, Math.max(0, current.place + step));
    const top = Math.floor(place / this.#columns) * this.height;
    if (top < this.root.scrollTop) this.root.scrollTop = top;
    if (top + this.height > this.root.scrollTop + this.root.clientHeight) this.root.scrollTop = top + this.height - this.root.clientHeight;
    this.#render();
    this.#cells.get(place)?.choose.focus({ preventScroll: true });
  }
}
