"""Linear probes on the features of a data set in place of networks: experiments in which nothing is trained."""

from collections.abc import Iterator, Mapping

from difficulty.config.data.datasets import AnySource, Records
from difficulty.config.training.architectures import LINEAR_PROBE
from difficulty.config.training.snapshots import is_snapshots

# What an experiment must have, or what analyses would ask for, although it says nothing of a probe.
_NOT_USED = {
    "epochs": 1,
    "optimizer": {"name": "sgd", "lr": 1.0},
    "schedule": {"name": "constant"},
    "augmentation": {},
    "batch_size": None,
    "drop_last": False,
    "gpus": None,
    "records": "clean",
    "batch_norm": None,
    "initialization": None,
    "freeze": None,
    "train_sample": None,
}
_NOT_HAD = {
    "folds": "a linear probe holds every training image out anyway, by analyses.features.folds; set it to null",
    "weights": "a linear probe starts from no weights; set it to null",
}


def is_linear_probe(settings: Mapping) -> bool:
    """Whether an experiment with these settings has a linear probe in place of a network."""
    return settings.get("architecture") == LINEAR_PROBE


def probe_filled(settings: Mapping) -> Mapping:
    """Settings of an experiment on a linear probe with all that training would need, and one epoch."""
    checkpoints = settings.get("checkpoints")
    return {**settings, **_NOT_USED, "checkpoints": checkpoints if is_snapshots(checkpoints) else "last"}


def probe_faults(settings: Mapping, source: AnySource | None, has_label_sets: bool) -> Iterator[tuple[str, str]]:
    """Yields (key, problem) for what a linear probe cannot have.

    settings: valid ones of the experiment. source: of its images, where its data set is a subset of that data set; None
    for one that is not valid itself. has_label_sets: whether the images have several labels each.
    """
    yield from ((key, text) for key, text in _NOT_HAD.items() if settings.get(key) is not None)
    if is_snapshots(settings.get("checkpoints")):
        yield "checkpoints", "a linear probe has no networks from elsewhere; leave it out"
    if isinstance(source, Records):
        yield "architecture", "records of other runs have no images with features; choose another data set"
    elif has_label_sets:
        yield "architecture", "a linear probe is not defined for images with several labels each; choose a network"
    elif source is not None and source.features is None:
        yield "architecture", "a linear probe needs features of the images; set `features` of the data set"
