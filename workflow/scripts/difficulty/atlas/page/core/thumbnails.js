// Small pictures of examples: parts of the sheets that the page holds, or that lie in the folder beside it.

const Thumbnails = (() => {
  /** The sheets of an experiment's images; undefined if it has records of other runs and no images. */
  const sheetsOf = (experiment) => DATA.thumbnails[experiment.dataset.root];

  /** Few pixels are shown as squares. */
  const isTiny = (experiment) => sheetsOf(experiment)?.width < 40;

  /** Where an example's picture lies: its sheet, and the corner of its tile. */
  function place(experiment, example) {
    const sheets = sheetsOf(experiment);
    const tile = experiment.tiles ? experiment.tiles[example] : example;
    const onSheet = tile % sheets.per_sheet;
    return {
      sheets,
      name: sheets.sheets[Math.floor(tile / sheets.per_sheet)],
      left: (onSheet % sheets.per_row) * sheets.width,
      top: Math.floor(onSheet / sheets.per_row) * sheets.height,
    };
  }

  /** Draws an example's picture onto a canvas `side` pixels wide and high, as large as fits. */
  async function draw(canvas, experiment, example) {
    if (!sheetsOf(experiment)) return;
    const { sheets, name, left, top } = place(experiment, example);
    const wanted = `${name} ${left} ${top}`;
    if (canvas.dataset.shown === wanted) return;
    canvas.dataset.wanted = wanted;
    const sheet = ready.get(name) ?? (await loaded(name));
    if (canvas.dataset.wanted !== wanted) return; // another example took its place meanwhile
    if (canvas.width !== sheets.width) canvas.width = sheets.width;
    if (canvas.height !== sheets.height) canvas.height = sheets.height;
    canvas.getContext("2d").drawImage(sheet, left, top, sheets.width, sheets.height, 0, 0, sheets.width, sheets.height);
    canvas.dataset.shown = wanted;
  }

  /** Paints an example's picture into a square of a canvas, as large as fits, now or once its sheet is read.
   *
   * `isWanted` says then whether the square still belongs to the example. */
  function paint(context, experiment, example, { x, y, side, isWanted }) {
    if (!sheetsOf(experiment)) return;
    const { sheets, name, left, top } = place(experiment, example);
    const scale = side / Math.max(sheets.width, sheets.height), width = sheets.width * scale, height = sheets.height * scale;
    const put = (sheet) => {
      context.imageSmoothingEnabled = !isTiny(experiment);
      context.imageSmoothingQuality = "high";
      context.drawImage(sheet, left, top, sheets.width, sheets.height, x + (side - width) / 2, y + (side - height) / 2, width, height);
    };
    if (ready.has(name)) put(ready.get(name));
    else loaded(name).then((sheet) => isWanted() && put(sheet));
  }

  const kept = new Map(); // name of a sheet -> promise of its picture and its pixels, the least recently used first
  const ready = new Map(); // name of a sheet -> its picture, of those that are kept
  const MOST_PIXELS = 100e6; // of all sheets that are kept decoded, four bytes each

  /** The picture of a sheet; the sheets that were used longest ago are forgotten when there are too many. */
  function loaded(name) {
    const { promise, pixels } = kept.get(name) ?? load(name);
    kept.delete(name);
    kept.set(name, { promise, pixels });
    let sum = 0;
    for (const [other, { pixels: size }] of [...kept].reverse()) {
      sum += size;
      if (sum > MOST_PIXELS && other !== name) {
        kept.delete(other);
        ready.delete(other);
      }
    }
    return promise;
  }

  function load(name) {
    const entry = { pixels: 512 * 512 };
    entry.promise = (async () => {
      const image = new Image();
      image.src = await Arrays.picture(name);
      await image.decode();
      const bitmap = await createImageBitmap(image); // which stays decoded
      ready.set(name, bitmap);
      return bitmap;
    })();
    return entry;
  }

  /** A picture of an example, with what it shows as its text. */
  function picture(experiment, example, properties = {}) {
    if (!sheetsOf(experiment)) return null;
    const canvas = element("canvas", { class: "thumbnail", role: "img", "aria-label": label(experiment, example), ...properties });
    if (isTiny(experiment)) canvas.classList.add("pixels");
    draw(canvas, experiment, example);
    return canvas;
  }

  function label(experiment, example) {
    const given = `image ${experiment.key(example)}, labelled ${experiment.className(experiment.said[example])}`;
    const other = experiment.suggested[example];
    return other === MISSING ? given : `${given}, perhaps ${experiment.className(other)}`;
  }

  return { picture, draw, paint, label, sheetsOf, isTiny };
})();
