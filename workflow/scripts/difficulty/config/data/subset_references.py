"""What a subset refers to: another data set, and the experiment whose scores or predictions choose its examples."""

import os
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from difficulty.config.analyses.label_error import LABEL_ERROR_SCORES
from difficulty.config.core.problems import Place, expected
from difficulty.config.data.datasets import Records
from difficulty.config.data.subsets import (
    ByChance,
    ByClass,
    ByLearning,
    ByList,
    ByScore,
    ByTruth,
    ByVerdict,
    OfTraining,
    Subset,
)
from difficulty.config.suite import Suite


def faults(datasets: Mapping[str, object], suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields (place below `datasets`, problem) for subsets whose parent or chooser is unknown, or circular."""
    for name, subset in datasets.items():
        if not isinstance(subset, Subset):
            continue
        if text := suite.no_dataset(subset.of):
            yield (name, "of"), text
        elif isinstance(suite.datasets.get(subset.of), Records):
            yield (name, "of"), f"data set {subset.of!r} has no images to link to; choose another"
        elif circle := _circle(name, suite):
            yield (name,), f"depends on itself ({' of '.join(circle)}); choose by another experiment"
        elif isinstance(subset.select, ByClass) and suite.has_label_sets(subset.of):
            text = f"images of {subset.of!r} have several labels each; choose by list, score, learned or random"
            yield (name, "select", "by"), text
        elif isinstance(subset.select, ByList) and (text := _written_here(subset.select.path)):
            yield (name, "select", "path"), text
        elif isinstance(subset.select, ByChance):
            if subset.select.like is not None and (text := _other_fault(subset, suite)):
                yield (name, "select", "like"), text
        elif isinstance(subset.select, ByScore | ByLearning | ByVerdict | ByTruth):
            for place, text in _experiment_faults(subset, suite):
                yield (name, "select", *place), text


def holder_of_test_split(dataset: str, suite: Suite) -> str:
    """The data set that holds this one's test split: itself, or a data set whose whole test split it inherits.

    By list it counts as its own, since the list may name test examples.
    """
    for name in suite.ancestors(dataset):
        source = suite.datasets[name]
        inherits = isinstance(source, Subset) and source.test is None
        if not (inherits and isinstance(source.select, OfTraining)):
            break
    return name


def _written_here(path: str) -> str | None:
    """An error message if a list is in results/."""
    if not os.path.relpath(path).startswith(f"results{os.sep}"):
        return None
    copy = f"copy it, e.g. to {PurePath(path).name}, and name the copy"
    return f"{path} is the workflow's, which would write over your decisions or wait for itself; {copy}"


def _other_fault(subset: Subset, suite: Suite) -> str | None:
    """An error message if no data set of images says how many examples are drawn."""
    other = subset.select.like
    return suite.no_dataset(other) or (
        f"data set {other!r} has no images; name another" if suite.has_no_images(other) else None
    )


def _experiment_faults(subset: Subset, suite: Suite) -> Iterator[tuple[Place, str]]:
    select = subset.select
    if text := suite.no_experiment(select.experiment):
        yield ("experiment",), text
        return
    settings = suite.experiments[select.experiment]
    trained_on = settings.get("dataset")
    if trained_on and trained_on not in suite.ancestors(subset.of):
        yield ("experiment",), f"{select.experiment!r} is trained on {trained_on!r}, expected {subset.of!r}"
    if isinstance(select, ByLearning) and suite.is_linear_probe(select.experiment):
        text = (
            "is linear probes on features, none of which learns an image that it predicts; choose by score or verdict"
        )
        yield ("experiment",), f"{select.experiment!r} {text}"
    if isinstance(select, ByTruth) and "label_noise" in settings and settings["label_noise"] is None:
        yield ("experiment",), f"{select.experiment!r} has no label_noise, so no label is known to be wrong"
    for index, seed in enumerate(getattr(select, "seeds", [])):
        if seed not in settings.get("seeds", [seed]):
            yield ("seeds", index), expected(f"a seed of {select.experiment!r}, {settings['seeds']}", seed)
    if isinstance(select, ByScore) and (text := _score_fault(select, suite)):
        if select.score not in suite.held_out_scores:
            yield ("score",), text
        elif suite.holds_nothing_out(select.experiment):
            yield ("score",), f"experiment {select.experiment!r} holds no examples out; set its folds"
    if isinstance(select, ByScore) and select.score in suite.undirected:
        yield ("score",), f"neither end of {select.score!r} is the hard one; choose another score"
    if isinstance(select, ByLearning) and select.epoch and select.epoch > settings.get("epochs", select.epoch):
        yield ("epoch",), expected(f"1..{settings['epochs']} (epochs of {select.experiment!r})", select.epoch)


def _score_fault(select: ByScore, suite: Suite) -> str | None:
    """An error message if the seeds of the experiment do not have the score. label_error there is of each seed, too."""
    if select.score in LABEL_ERROR_SCORES:
        return suite.no_score(select.score, select.experiment)
    return suite.no_score_of_runs(select.score, select.experiment)


def _circle(name: str, suite: Suite) -> list[str] | None:
    """The cycle from a subset back to itself, over its parents and the data its experiment is trained on, or None."""
    ways = [[name]]
    while ways:
        way = ways.pop()
        source = suite.datasets.get(way[-1])
        if not isinstance(source, Subset):
            continue
        experiment = suite.experiments.get(getattr(source.select, "experiment", None), {})
        for further in (source.of, experiment.get("dataset"), getattr(source.select, "like", None)):
            if further == name:
                return [*way, name]
            if isinstance(further, str) and further not in way:
                ways.append([*way, further])
    return None
