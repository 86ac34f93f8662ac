// Columns as typed arrays. They lie in the page deflated and in base64, and are unpacked when they are first used.

const MISSING = 65535; // of codes, which have 16 bits

const Arrays = (() => {
  const unpacked = new Map(); // name -> promise of what is in it
  const types = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

  const awaited = new Map(); // name -> { promise, resolve } of a text that was asked for and is not there yet

  /** The text of an array: in the page, or in a script of its name in the folder beside it. */
  function textOf(name) {
    const inside = document.getElementById(name);
    if (inside) return Promise.resolve(inside.textContent);
    if (!awaited.has(name)) {
      const entry = {};
      entry.promise = new Promise((resolve, reject) => {
        entry.resolve = resolve;
        document.head.append(element("script", { src: `${DATA.folder}/${name}.js`, onerror: () => reject(new Error(`${DATA.folder}/${name}.js is missing; keep that folder beside the page`)) }));
      });
      awaited.set(name, entry);
    }
    return awaited.get(name).promise;
  }

  /** What the scripts beside the page call. */
  function deliver(name, text) {
    awaited.get(name)?.resolve(text);
    awaited.delete(name);
  }

  function bytes(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const decoded = atob(text);
    const found = new Uint8Array(decoded.length);
    for (let place = 0; place < found.length; place++) found[place] = decoded.charCodeAt(place);
    return found;
  }

  async function inflated(name) {
    const stream = new Blob([bytes(await textOf(name))]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  function once(key, make) {
    if (!unpacked.has(key)) unpacked.set(key, make());
    return unpacked.get(key);
  }

  /** What a description of an array stands for: a typed array, an array of texts, or null. */
  function read(described) {
    if (!described) return Promise.resolve(null);
    return once(`${described.array} ${described.kind} ${described.low} ${described.high}`, async () => {
      const buffer = await inflated(described.array);
      if (described.kind === "text") return JSON.parse(new TextDecoder().decode(buffer));
      if (described.kind === "q2") return numbers(new Uint16Array(buffer), described.low, described.high);
      return new types[described.kind](buffer);
    });
  }

  /** Quantised numbers as they were, to a 65,534th of their range; NaN where they are missing. */
  function numbers(codes, low, high) {
    const step = (high - low) / (MISSING - 1);
    return Float32Array.from(codes, (code) => (code === MISSING ? NaN : low + code * step));
  }

  /** The address of a picture that the page holds, or that lies in the folder beside it. */
  function picture(name, type = "image/webp") {
    if (name.includes("/")) return Promise.resolve(name);
    return once(`${name} picture`, async () => URL.createObjectURL(new Blob([bytes(await textOf(name))], { type })));
  }

  return { read, picture, deliver };
})();

globalThis.deliver = Arrays.deliver;
