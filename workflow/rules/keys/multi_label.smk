"""Whose classes have an average precision, at which checkpoints, and what that depends on."""

precision_epochs = configuration.precision_epochs


def precision_settings(experiment):
    keys = {*EVALUATION_KEYS} - {"folds", "records"}
    own = {key: value for key, value in experiments[experiment].items() if key in keys}
    return settings_json({**own, "epochs": precision_epochs[experiment]})


def precision_code(experiment):
    return source_digest("score_average_precision", model_module(experiment))


@lru_cache
def precision_upstream(experiment):
    return hash_chain(runs_key(experiment), precision_settings(experiment), precision_code(experiment))


def precision_key(experiment):
    return hash_chain(precision_upstream(experiment), source_digest("collect_average_precision"))


family_tables += [f"results/experiments/{experiment}/average_precision.parquet" for experiment in precision_epochs]
family_figures += [
    f"results/figures/experiments/{experiment}/average_precision.{format}"
    for experiment in precision_epochs
    for format in ("png", "pdf")
]
