// The state of the page is in its address, so that a link names what is seen and the back button goes back.

const Address = (() => {
  const listeners = new Set();

  /** The state: texts by name, as they stand behind the # of the address. */
  function state() {
    return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  }

  /** The address of the present state with some texts changed; null or an empty text removes one. */
  function link(changes, from = state()) {
    const merged = { ...from, ...changes };
    const kept = Object.entries(merged).filter(([, value]) => value !== null && value !== undefined && value !== "");
    return `#${new URLSearchParams(kept)}`;
  }

  /** Goes to another state. With `replace` the back button does not lead to the present one; `quiet`: nobody is told. */
  function go(changes, { replace = false, quiet = false, from = state() } = {}) {
    const target = link(changes, from);
    if (target === location.hash) return;
    history[replace ? "replaceState" : "pushState"](null, "", target);
    if (!quiet) listeners.forEach((listener) => listener());
  }

  /** Calls `listener` whenever the state changes. */
  function onChange(listener) {
    listeners.add(listener);
  }

  addEventListener("popstate", () => listeners.forEach((listener) => listener()));

  return { state, link, go, onChange };
})();
