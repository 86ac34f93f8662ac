"""What the comparisons of experiments depend on: all their runs."""

comparisons = analyses["comparisons"]


def comparison_figure_settings(measure):
    return settings_json({"dpi": configuration.figures["dpi"], "measure": measure})


def comparison_figure_upstream(comparison):
    return hash_chain([runs_key(experiment) for experiment in comparisons[comparison]])


family_figures += [
    f"results/figures/comparisons/{comparison}/{measure}.{format}"
    for comparison in comparisons
    for measure in ("loss", "top1")
    for format in ("png", "pdf")
]
