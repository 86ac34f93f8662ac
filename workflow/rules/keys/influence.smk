"""Whose influence is computed at which checkpoints, and what it depends on."""

from difficulty.config.analyses.influence import variants

influence = analyses.get("influence", {})
influence_epochs = configuration.influence_epochs
# Strategies, and these in bfloat16, under names such as ekfac_bfloat16.
VARIANTS = variants(influence["strategies"], influence["precisions"])
# By one job each. With shards, all but the identity, which takes no pass, are merged of sums: influence_shards.smk.
FITTED = [variant for variant in VARIANTS if influence["shards"] == 1 or variant.startswith("identity")]


def network_settings(experiment, variant):
    own = {key: value for key, value in experiments[experiment].items() if key in ("device", "folds")}
    _, _, precision = variant.partition("_")
    return own | ({"precision": precision} if precision else {})


def damping_settings(variant):
    """Without curvature there is nothing to damp."""
    return {} if variant.startswith("identity") else {"damping": influence["damping"]}


def factor_settings(experiment, variant):
    strategy, _, _ = variant.partition("_")
    settings, own = experiments[experiment], network_settings(experiment, variant)
    if strategy != "identity":
        drawn = {"seed": influence["seed"]} if influence["fisher"] == "sampled" else {}
        own |= {"fisher": influence["fisher"], **drawn}
    if modules := influence["modules"].get(settings["architecture"]):
        own["modules"] = modules
    return settings_json({"strategy": strategy, **own})


def factors_code(experiment):
    return source_digest("fit_factors", model_module(experiment))


@lru_cache
def factors_key(experiment, variant):
    if variant not in FITTED:
        return merged_factors_key(experiment, variant)
    return hash_chain(run_key(experiment), factor_settings(experiment, variant), factors_code(experiment))


def self_influence_settings(experiment, variant):
    own = network_settings(experiment, variant)
    return settings_json({"splits": influence["splits"], **damping_settings(variant), **own})


def self_influence_code(experiment):
    return source_digest("score_self_influence", model_module(experiment))


@lru_cache
def self_influence_key(experiment, variant):
    key = factors_key(experiment, variant)
    return hash_chain(key, self_influence_settings(experiment, variant), self_influence_code(experiment))


def self_influence_tables(experiment):
    """The table of every run, variant and checkpoint."""
    epochs = influence_epochs[experiment]
    names = [f"influence/{variant}-epoch-{epoch}.parquet" for variant in VARIANTS for epoch in epochs]
    return experiment_files(experiment, *names)


def influence_settings(experiment):
    folds = {key: value for key, value in experiments[experiment].items() if key == "folds"}
    return settings_json({"strategies": VARIANTS, "epochs": influence_epochs[experiment], **folds})


def influence_upstream(experiment, chosen=None):
    keys = [self_influence_key(experiment, variant) for variant in VARIANTS]
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
    for variant in VARIANTS
    for epoch in epochs
    for path in experiment_files(experiment, f"factors/{variant}-epoch-{epoch}")
]
