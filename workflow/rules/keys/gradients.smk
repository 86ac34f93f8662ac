"""Whose gradients are extracted at which checkpoints, and what variance of gradients depends on."""

vog = analyses.get("vog", {})
vog_stages = configuration.vog_stages
GRADIENT_KEYS = ["splits", "target", "shards", "precision"]
SHARD = r"(-shard-\d+)?"


def gradient_settings(experiment, stages=False):
    """Settings of one job of extraction; with the stages, where a job goes through all checkpoints."""
    own = {key: vog[key] for key in GRADIENT_KEYS}
    own |= {"stages": vog_stages[experiment]} if stages else {}
    device = {key: value for key, value in experiments[experiment].items() if key == "device"}
    return settings_json(own | device)


def gradients_code(experiment):
    return source_digest("extract_gradients", model_module(experiment))


def streaming_code(experiment):
    return source_digest("stream_vog", model_module(experiment))


def shards():
    """Endings of the files of each shard."""
    return [f"-shard-{shard}" for shard in range(vog["shards"])] if vog["shards"] > 1 else [""]


def run_gradients(experiment, run, shard):
    """The maps of every checkpoint that a stage of an experiment has."""
    epochs = sorted(set().union(*vog_stages[experiment].values()))
    return [f"results/experiments/{experiment}/{run}/gradients/epoch-{epoch}{shard}.parquet" for epoch in epochs]


def vog_runs(experiment):
    """The table of every run and shard."""
    return experiment_files(experiment, *(f"vog{shard}.parquet" for shard in shards()))


@lru_cache
def gradients_key(experiment):
    return hash_chain(run_key(experiment), gradient_settings(experiment), gradients_code(experiment))


def stages_settings(experiment):
    return settings_json({"stages": vog_stages[experiment]})


@lru_cache
def vog_run_key(experiment):
    if vog["keep_gradients"]:
        return hash_chain(gradients_key(experiment), stages_settings(experiment), source_digest("compute_vog"))
    return hash_chain(run_key(experiment), gradient_settings(experiment, stages=True), streaming_code(experiment))


def vog_settings(experiment):
    folds = {key: value for key, value in experiments[experiment].items() if key == "folds"}
    return settings_json({"stages": vog_stages[experiment], **folds})


@lru_cache
def vog_key(experiment, chosen=None):
    """None for an experiment whose variance of gradients is not asked for."""
    if experiment not in vog_stages:
        return None
    counted = list(chosen or runs(experiment))
    return hash_chain(vog_run_key(experiment), counted, vog_settings(experiment), source_digest("score_vog"))


score_families["vog"] = vog_key
with_maps = list(vog_stages) if vog.get("keep_gradients") else []
# By name, since Snakemake does not miss an intermediate that was lost.
family_tables += [path for experiment in vog_stages for path in vog_runs(experiment)]
family_tables += [
    path
    for experiment in with_maps
    for run in runs(experiment)
    for shard in shards()
    for path in run_gradients(experiment, run, shard)
]
