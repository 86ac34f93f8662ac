// One image before the others: a dialog that the address opens and closes.

const Detail = (() => {
  const dialog = element("dialog", { class: "detail", "aria-label": "Image", oncancel: (event) => { event.preventDefault(); close(); }, onclick: (event) => event.target === dialog && close(), onkeydown: (event) => Card.press(dialog, event) });
  document.body.append(dialog);

  const close = () => Address.go({ at: null });

  /** Shows the example that the state names, or nothing. The view is told after a decision. */
  async function update(experiment, state) {
    const example = state.at ? experiment.ids.indexOf(Number(state.at)) : -1;
    if (example < 0) { hide(); return; }
    const card = await Card.of(experiment, example, (decision) => {
      announce(decision ? Card.decision(experiment, example) : "Undecided");
      document.dispatchEvent(new CustomEvent("decided"));
      update(experiment, state);
    }, (other) => Address.go({ at: experiment.ids[other] }));
    const warnings = Decisions.of(experiment).warnings.map((text) => element("p", { class: "warning", role: "alert" }, text));
    await keepingFocus(() => fill(dialog, button("Close", close, { class: "quiet close" }), warnings, card));
    if (!dialog.open) dialog.showModal();
  }

  function hide() {
    if (dialog.open) dialog.close();
  }

  return { update, hide };
})();
