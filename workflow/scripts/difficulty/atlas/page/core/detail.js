// One image before the others: a dialog that the address opens and closes.

const Detail = (() => {
  const dialog = element("dialog", { class: "detail", "aria-label": "Image", oncancel: (event) => { event.preventDefault(); close(); }, onclick: (event) => event.target === dialog && close() });
  document.body.append(dialog);

  const close = () => Address.go({ at: null });

  /** Shows the example that the state names, or nothing. The view is told after a decision. */
  async function update(experiment, state) {
    const example = state.at ? experiment.ids.indexOf(Number(state.at)) : -1;
    if (example < 0) { if (dialog.open) dialog.close(); return; }
    const card = await Card.of(experiment, example, (decision) => {
      announce(decision ? Card.decision(experiment, example) : "Undecided");
      document.dispatchEvent(new CustomEvent("decided"));
      update(experiment, state);
    });
    fill(dialog, button("Close", close, { class: "quiet close" }), card);
    if (!dialog.open) dialog.showModal();
  }

  return { update };
})();
