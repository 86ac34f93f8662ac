// One image before the others: a dialog that the address opens and closes.

const Detail = (() => {
  let undo = () => {};
  const dialog = element("dialog", {
    class: "detail", "aria-label": "Image", tabindex: "-1",
    oncancel: (event) => { event.preventDefault(); close(); },
    onclick: (event) => event.target === dialog && close(),
    onkeydown: (event) => { if (!Card.press(dialog, event) && event.key.toLowerCase() === "u" && !event.target.matches("input")) undo(); },
  });
  document.body.append(dialog);

  const close = () => Address.go({ at: null });

  /** Shows the example that the state names, or nothing. The view is told after a decision. */
  async function update(experiment, state) {
    const example = state.at ? experiment.ids.indexOf(Number(state.at)) : -1;
    if (example < 0) { hide(); return; }
    const again = () => { document.dispatchEvent(new CustomEvent("decided")); return update(experiment, state); };
    undo = () => { Decisions.of(experiment).undo(); return again(); };
    const card = await Card.of(experiment, example, (decision) => {
      announce(decision ? Card.decision(experiment, example) : "Undecided");
      return again();
    }, (other) => Address.go({ at: experiment.ids[other] }));
    const warnings = Decisions.of(experiment).warnings.map((text) => element("p", { class: "warning", role: "alert" }, text));
    await keepingFocus(() => fill(dialog, button("Close", close, { class: "quiet close" }), warnings, card));
    if (!dialog.open) dialog.showModal();
    else if (document.activeElement === document.body) dialog.focus();
  }

  function hide() {
    if (dialog.open) dialog.close();
  }

  return { update, hide };
})();
