"""Checks an experiment's settings against its data, as training would. No network is built."""

from collections.abc import Iterator, Mapping

from difficulty.checks.prepared_data import PreparedData
from difficulty.datasets.duplicates import content_of
from difficulty.suggestions import suggestion


def training_faults(experiment: str, settings: Mapping, data: PreparedData) -> Iterator[str]:
    """One line (place, problem, remedy) for each setting that does not fit the data set that is trained on.

    settings: noise_map (class -> class), drop_last and groups (of an optimizer); batch_size, normalization, folds
    and gpus, if any.
    """
    place = f"experiments.{experiment}"
    if len(data.class_names) < 2:
        yield f"{place}.dataset: {data.name!r} has one class only, so there is nothing to learn; choose another"
    yield from _noise_faults(f"{place}.label_noise.map", settings["noise_map"], data)
    means = len(settings.get("normalization", {}).get("mean", [None] * data.shape[-1]))
    if means != data.shape[-1]:
        images = f"images of {data.name!r} have {data.size()}"
        yield f"{place}.normalization: has {means} means, and {images}; give one mean and deviation for each channel"
    yield from _fold_faults(place, settings, data)
    yield from _batch_faults(place, settings, trained_examples(settings, data))


def trained_examples(settings: Mapping, data: PreparedData) -> int:
    """How many examples each run is trained on, at least."""
    count = data.count(["train"])
    return count - -(-count // settings["folds"]) if "folds" in settings else count


def _noise_faults(place: str, noise_map: Mapping, data: PreparedData) -> Iterator[str]:
    named = [(source, name) for source, target in noise_map.items() for name in (source, target)]
    for source, name in named:
        if name not in data.class_names:
            yield f"{place}.{source}: no class {name!r} in {data.name!r}; {suggestion(name, data.class_names)}"


def _fold_faults(place: str, settings: Mapping, data: PreparedData) -> Iterator[str]:
    different = content_of(data.split("train")).nunique()
    if settings.get("folds", 1) > different:
        text = f"{settings['folds']} parts of {different} different training images of {data.name!r}"
        yield f"{place}.folds: {text}; use at most {different}"


def _batch_faults(place: str, settings: Mapping, trained: int) -> Iterator[str]:
    size = settings.get("batch_size", 0)  # 0: chosen by the data
    if settings.get("drop_last") and size > trained:
        yield (
            f"{place}.batch_size: {size} with drop_last leaves no batch of {trained} examples; take smaller batches or "
            "set drop_last: false"
        )
    shares = settings["groups"] * settings.get("gpus", 1)
    if 0 < trained < shares:
        yield f"{place}.batch_size: {trained} training examples cannot be shared by {shares} groups; take fewer groups"
