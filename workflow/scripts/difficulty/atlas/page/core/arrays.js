// Columns as typed arrays. They lie in the page deflated and in base64, and are unpacked when they are first used.

const MISSING = 65535; // of codes, which have 16 bits

const Arrays = (() => {
  const unpacked = new Map(); // name -> promise of what is in it
  const types = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };

  function bytesOf(name) {
    const text = document.getElementById(name).textContent;
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const decoded = atob(text);
    const bytes = new Uint8Array(decoded.length);
    for (let place = 0; place < bytes.length; place++) bytes[place] = decoded.charCodeAt(place);
    return bytes;
  }

  async function inflated(name) {
    const stream = new Blob([bytesOf(name)]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  function once(key, make) {
    if (!unpacked.has(key)) unpacked.set(key, make());
    return unpacked.get(key);
  }

  /** What a description of an array stands for: a typed array, an array of texts, or null. */
  function read(described) {
    if (!described) return Promise.resolve(null);
    return once(`${described.array} ${described.kind}`, async () => {
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

  /** The address of a picture that the page holds. */
  function picture(name, type = "image/webp") {
    return once(`${name} picture`, () => URL.createObjectURL(new Blob([bytesOf(name)], { type })));
  }

  return { read, picture };
})();
