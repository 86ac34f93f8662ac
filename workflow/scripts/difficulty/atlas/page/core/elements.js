// Elements of the page. Texts of the data go in as text, never as HTML: a name of a class stays a name.

/** An element. `properties`: attributes, or listeners as `onclick`; null and false are left out. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "style") Object.assign(made.style, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Replaces what an element holds. */
function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return parent;
}

function button(text, onclick, properties = {}) {
  return element("button", { type: "button", onclick, ...properties }, text);
}

/** A select with a label. `options`: [value, text] pairs, or [name of a group, its pairs]. */
function choice(label, options, value, onchange, properties = {}) {
  const select = element(
    "select",
    { onchange: () => onchange(select.value), "aria-label": label, ...properties },
    options.map(([each, text]) => (Array.isArray(text)
      ? element("optgroup", { label: each }, text.map((one) => element("option", { value: one[0], selected: String(one[0]) === String(value) }, one[1])))
      : element("option", { value: each, selected: String(each) === String(value) }, text))),
  );
  return element("label", { class: "choice" }, element("span", {}, label), select);
}

/** A table. `columns`: [heading, row -> cell, "number" or nothing]. */
function tableOf(caption, columns, rows) {
  return element("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, columns.map(([heading, , kind]) =>
        element("th", { scope: "col", class: kind || null }, heading)))),
      element("tbody", {}, rows.map((row) => element("tr", {}, columns.map(([, cell, kind]) =>
        element("td", { class: kind || null }, cell(row) ?? "–")))))));
}

const nameOf = (one) => one.getAttribute("aria-label") ?? one.textContent;

/** Runs what may replace the element that has the focus; then the one in its place has it, or else the content. */
async function keepingFocus(change) {
  const before = document.activeElement;
  if (before === document.body) { await change(); return; }
  const name = nameOf(before), alike = () => [...document.querySelectorAll(before.tagName)].filter((one) => nameOf(one) === name);
  const place = alike().indexOf(before);
  await change();
  if (before.isConnected || document.activeElement !== document.body) return;
  const found = alike();
  const next = found[place] ?? found[0] ?? document.querySelector("dialog[open]") ?? document.getElementById("main");
  next.focus({ preventScroll: true });
  if (next.type === "search") next.setSelectionRange(next.value.length, next.value.length);
}

/** Tells people who do not see the page what happened. */
function announce(text) {
  document.getElementById("announcements").textContent = text;
}

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count, with separators. */
const counted = (number, noun) => `${NUMBER.format(number)} ${noun}${number === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
const wholeNumber = (number) => NUMBER.format(number);

/** A share; one that is not 0 or 1 is not rounded to it. */
function percent(share, digits = 0) {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  const rounded = Number((100 * share).toFixed(digits)), step = 10 ** -digits;
  if (share > 0 && rounded === 0) return `<${step} %`;
  if (share < 1 && rounded === 100) return `>${100 - step} %`;
  return `${rounded.toFixed(digits)} %`;
}

/** A number to `digits` significant ones; a dash for a missing one. */
function shortNumber(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return wholeNumber(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
}
