"""What identifies label quality: which experiments have it, and what it depends on."""

LABEL_QUALITY_KEYS = ["device", "precision", "folds", "batch_norm"]


def label_quality_settings(experiment):
    return settings_json(experiments[experiment], LABEL_QUALITY_KEYS)


def label_quality_code(experiment):
    return source_digest("score_label_quality", model_module(experiment))


@lru_cache
def label_quality_key(experiment, chosen=None):
    """None for an experiment without folds, which holds no examples out."""
    if "folds" not in experiments[experiment]:
        return None
    return hash_chain(runs_key(experiment, chosen), label_quality_settings(experiment), label_quality_code(experiment))


score_families["label_quality"] = label_quality_key
family_tables += [
    f"results/experiments/{experiment}/label_quality.parquet"
    for experiment in experiments
    if "folds" in experiments[experiment]
]
