"""Experiments that have the labels of another one: whether they can."""

from collections.abc import Iterator, Mapping

from difficulty.config.core.problems import unknown_name
from difficulty.config.data.datasets import AnySource
from difficulty.config.data.subsets import ByClass, ByList, Subset


def source_of_labels(settings: Mapping) -> str | None:
    """The experiment whose labels another one has. settings: valid ones of that one."""
    return (settings.get("label_noise") or {}).get("experiment")


def shared_label_faults(name: str, known: Mapping[str, Mapping], sources: Mapping[str, AnySource | None]) -> list[str]:
    """What is wrong with the experiment that an experiment has its labels from.

    known: name -> valid settings, of every experiment. sources: data sets by name, None for one that is not valid.
    """
    return list(_faults(name, known, sources))[:1]


def _faults(name: str, known: Mapping[str, Mapping], sources: Mapping) -> Iterator[str]:
    other = source_of_labels(known[name])
    if other is None:
        return
    if other not in known:
        yield unknown_name("experiment", other, known)
        return
    if circle := _circle(name, known):
        yield f"has its own labels ({' from '.join(circle)}); name an experiment with other labels"
    own, dataset = known[name].get("dataset"), known[other].get("dataset")
    if own is None or dataset is None:  # not valid themselves
        return
    way = _way(own, dataset, sources)
    if way is None:
        yield f"{other!r} is trained on {dataset!r}, which {own!r} is no subset of; name an experiment on {own!r}"
    elif renumbered := next((part for part in way if isinstance(sources[part].select, ByClass)), None):
        yield f"{renumbered!r} is chosen by class, which numbers the classes anew; choose it in another way"
    elif listed := next((part for part in way if isinstance(sources[part].select, ByList)), None):
        yield f"{listed!r} is chosen by list, whose new labels would be lost; choose it in another way"


def _circle(name: str, known: Mapping[str, Mapping]) -> list[str] | None:
    """The way from an experiment back to itself, each with the labels of the next, or None."""
    way = [name]
    while (further := source_of_labels(known.get(way[-1], {}))) is not None:
        if further == name:
            return [*way, name]
        if further in way:
            return None
        way.append(further)
    return None


def _way(dataset: str, goal: str, sources: Mapping) -> list[str] | None:
    """The subsets from a data set up to the one that it is in the end a subset of, or None if it is not.

    None of them, too, if one is not valid itself.
    """
    way = []
    while dataset != goal:
        source = sources.get(dataset)
        if source is None:
            return []
        if not isinstance(source, Subset) or dataset in way:
            return None
        way.append(dataset)
        dataset = source.of
    return way
