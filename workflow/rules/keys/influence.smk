"""Whose influence is computed at which checkpoints, and what it rests on."""

influence = analyses.get("influence", {})
influence_epochs = configuration.influence_epochs
STRATEGIES = influence["strategies"]


def factor_settings(experiment, strategy):
    settings = experiments[experiment]
    own = {key: settings[key] for key in ("device", "folds") if key in settings}
    if strategy != "identity":
        own |= {"fisher": influence["fisher"], "seed": influence["seed"]}
    if modules := influence["modules"].get(settings["architecture"]):
        own["modules"] = modules
    return settings_json({"strategy": strategy, **own})


def factors_code(experiment):
    return source_digest("fit_factors", model_module(experiment))


@lru_cache
def factors_key(experiment, strategy):
    return hash_chain(run_key(experiment), factor_settings(experiment, strategy), factors_code(experiment))


def self_influence_settings(experiment):
    device = {key: value for key, value in experiments[experiment].items() if key in ("device", "folds")}
    return settings_json({"splits": influence["splits"], "damping": influence["damping"], **device})


def self_influence_code(experiment):
    return source_digest("score_self_influence", model_module(experiment))


@lru_cache
def self_influence_key(experiment, strategy):
    key = factors_key(experiment, strategy)
    return hash_chain(key, self_influence_settings(experiment), self_influence_code(experiment))


def self_influence_tables(experiment):
    """The table of every run, strategy and checkpoint."""
    epochs = influence_epochs[experiment]
    names = [f"influence/{strategy}-epoch-{epoch}.parquet" for strategy in STRATEGIES for epoch in epochs]
    return experiment_files(experiment, *names)


def influence_settings(experiment):
    folds = {key: value for key, value in experiments[experiment].items() if key == "folds"}
    return settings_json({"strategies": STRATEGIES, "epochs": influence_epochs[experiment], **folds})


def influence_upstream(experiment, chosen=None):
    keys = [self_influence_key(experiment, strategy) for strategy in STRATEGIES]
    return hash_chain(keys, list(chosen or runs(experiment)))


@lru_cache
def influence_key(experiment, chosen=None):
    """None for an experiment whose influence is not computed."""
    if experiment not in influence_epochs:
        return None
    code = source_digest("score_influence")
    return hash_chain(influence_upstream(experiment, chosen), influence_settings(experiment), code)


score_families["influence"] = influence_key
# By name, since Snakemake does not miss an intermediate that was lost.
family_tables += [path for experiment in influence_epochs for path in self_influence_tables(experiment)]
family_tables += [
    path
    for experiment, epochs in influence_epochs.items()
    for strategy in STRATEGIES
    for epoch in epochs
    for path in experiment_files(experiment, f"factors/{strategy}-epoch-{epoch}")
]
