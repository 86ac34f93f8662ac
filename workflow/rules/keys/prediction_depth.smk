"""Whose networks are probed at which checkpoints, and what prediction depth depends on."""

depth = analyses.get("prediction_depth", {})
probed_epochs = configuration.probed_epochs
NEIGHBOR_KEYS = ["splits", "k_max", "shards"]
VOTE_KEYS = ["k", "labels", "ties"]
DEPTH_TABLES = ["probe-accuracy", "depth-levels"]


def neighbor_settings(experiment):
    settings = experiments[experiment]
    own = {key: depth[key] for key in NEIGHBOR_KEYS}
    own |= {key: settings[key] for key in ("architecture", "device", "folds") if key in settings}
    if modules := depth["probes"].get(settings["architecture"]):
        own["probes"] = modules
    return settings_json(own)


def probes_modules(experiment):
    """The module that says where an experiment's network is probed, unless the configuration does, or nothing."""
    name = model_module(experiment).removeprefix("models.")
    known = (SCRIPTS / "difficulty" / "models" / "probes" / f"{name}.py").exists()
    is_named = experiments[experiment]["architecture"] in depth["probes"]
    return [f"models.probes.{name}"] if known and not is_named else []


def neighbors_code(experiment):
    return source_digest("probe_neighbors", model_module(experiment), *probes_modules(experiment))


def neighbor_shards():
    """Endings of the files of each shard."""
    return [f"-shard-{shard}" for shard in range(depth["shards"])] if depth["shards"] > 1 else [""]


def run_neighbors(experiment, run, epoch):
    """The neighbours of each shard."""
    folder = f"results/experiments/{experiment}/{run}/neighbors"
    return [f"{folder}/epoch-{epoch}{shard}.parquet" for shard in neighbor_shards()]


def last_neighbors(experiment):
    """The neighbours of every run at the checkpoint that is scored."""
    return [path for run in runs(experiment) for path in run_neighbors(experiment, run, probed_epochs[experiment][-1])]


def depth_votes(experiment, epochs):
    """The votes of every run at some checkpoints."""
    return experiment_files(experiment, *(f"votes/epoch-{epoch}.parquet" for epoch in epochs))


@lru_cache
def neighbors_key(experiment):
    return hash_chain(run_key(experiment), neighbor_settings(experiment), neighbors_code(experiment))


def folds_settings(experiment):
    return settings_json(experiments[experiment], ["folds"])


def consensus_upstream(experiment, chosen=None):
    return hash_chain(neighbors_key(experiment), probed_epochs[experiment][-1], list(chosen or runs(experiment)))


@lru_cache
def consensus_key(experiment, chosen=None):
    """None for an experiment that is not probed."""
    if experiment not in probed_epochs:
        return None
    settings = folds_settings(experiment)
    return hash_chain(consensus_upstream(experiment, chosen), settings, source_digest("compute_consensus"))


def vote_settings():
    return settings_json(depth, VOTE_KEYS)


def consensus_of_votes(experiment):
    """The consensus, where neighbours vote with it."""
    if depth["labels"] != "consensus":
        return []
    return f"results/experiments/{experiment}/scores/consensus.parquet"


@lru_cache
def votes_upstream(experiment):
    return hash_chain(neighbors_key(experiment), consensus_key(experiment) if depth["labels"] == "consensus" else None)


@lru_cache
def votes_key(experiment):
    return hash_chain(votes_upstream(experiment), vote_settings(), source_digest("vote_probes"))


def depth_upstream(experiment, chosen=None):
    return hash_chain(votes_key(experiment), probed_epochs[experiment][-1], list(chosen or runs(experiment)))


@lru_cache
def depth_key(experiment, chosen=None):
    """None for an experiment that is not probed."""
    if experiment not in probed_epochs:
        return None
    settings = folds_settings(experiment)
    return hash_chain(depth_upstream(experiment, chosen), settings, source_digest("score_prediction_depth"))


def depth_analysis_settings():
    return settings_json({"bootstrap": analyses["correlation"]["bootstrap"]})


@lru_cache
def depth_analysis_upstream(experiment):
    return hash_chain(depth_key(experiment), consensus_key(experiment), probed_epochs[experiment])


@lru_cache
def depth_analysis_key(experiment):
    code = source_digest("compute_depth_analysis")
    return hash_chain(depth_analysis_upstream(experiment), depth_analysis_settings(), code)


score_families["prediction_depth"] = depth_key
score_families["consensus"] = consensus_key
# By name, since Snakemake does not miss an intermediate that was lost.
family_tables += [
    path
    for experiment, epochs in probed_epochs.items()
    for run in runs(experiment)
    for epoch in epochs
    for path in [
        *run_neighbors(experiment, run, epoch),
        f"results/experiments/{experiment}/{run}/votes/epoch-{epoch}.parquet",
    ]
]
family_tables += [
    f"results/experiments/{experiment}/{table}.parquet" for experiment in probed_epochs for table in DEPTH_TABLES
]
