"""Which experiments have truth columns, and what their correlation with scores depends on."""


def truth_correlation_key(experiment):
    return hash_chain(
        scores_key(experiment),
        settings_json(analyses["truth_correlation"]),
        source_digest("compute_truth_correlation"),
    )


with_truth = [name for name, settings in experiments.items() if configuration.truth_columns[settings["dataset"]]]
family_tables += [f"results/experiments/{experiment}/truth-correlation.parquet" for experiment in with_truth]
family_figures += [
    f"results/figures/experiments/{experiment}/truth_correlation.{format}"
    for experiment in with_truth
    for format in ("png", "pdf")
]
