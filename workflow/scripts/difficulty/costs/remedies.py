"""Settings that make a stage smaller."""

# Rule -> what is too much -> settings, and what to do with them.
_REMEDIES = {
    "prepare_dataset": {"memory": "set datasets.*.size, or storage: files", "disk": "set datasets.*.size or limit"},
    "train_model": {
        "memory": "lower batch_size or width, or set datasets.*.storage: files",
        "disk": "set checkpoints: last, or a list of epochs",
        "time": "lower epochs, width or datasets.*.limit, or use a GPU",
    },
    "train_second_split": {"memory": "lower batch_size", "time": "name few analyses.second_split.seeds"},
    "extract_gradients": {
        "disk": "set analyses.vog.keep_gradients: false, or fewer checkpoints",
        "time": "set analyses.vog.shards, or fewer checkpoints",
    },
    "stream_vog": {"time": "set analyses.vog.shards, or fewer checkpoints"},
    "probe_neighbors": {
        "memory": "lower analyses.prediction_depth.memory",
        "disk": "lower analyses.prediction_depth.numbers or k_max",
        "time": "lower analyses.prediction_depth.numbers, or set its shards or experiments",
    },
    "fit_factors": {
        "memory": "name fewer layers in analyses.influence.modules",
        "disk": "name fewer layers in analyses.influence.modules, or fewer epochs or strategies",
        "time": "set analyses.influence.shards, or name its experiments",
    },
    "score_self_influence": {"time": "name analyses.influence.experiments, or one epoch"},
    "score_pairwise_influence": {
        "memory": "lower analyses.influence.memory",
        "time": "lower count of analyses.influence.queries",
    },
    "compute_image_statistics": {
        "memory": "set analyses.images.size",
        "time": "name few analyses.images.statistics, or set their size",
    },
    "score_augmentation_sensitivity": {"time": "lower analyses.augmentation_sensitivity.draws"},
    "compute_detection": {"time": "lower analyses.detection.bootstrap"},
    "compute_correlation": {"time": "lower analyses.correlation.bootstrap"},
}
_SHARED = {"sum_curvature": "fit_factors", "merge_factors": "fit_factors", "stream_tested_vog": "stream_vog"}


def remedy(rule: str, what: str) -> str:
    """The end of a sentence about a rule that takes too much `memory`, `disk` or `time`; empty if no setting helps."""
    text = _REMEDIES.get(_SHARED.get(rule, rule), {}).get(what)
    return f"; {text}" if text else ""
