"""Subsets that an experiment chooses once it is trained: whether they can have the sizes that are asked for."""

from collections.abc import Iterator, Mapping

import pandas as pd

from difficulty.suggestions import suggestion


def subset_faults(name: str, chain: list[Mapping], examples: pd.DataFrame) -> Iterator[str]:
    """A line if the last subset of a chain must come out empty or smaller than asked for.

    chain: settings (select, per_class, train, test) of subsets, each of the one before, the first of the data set with
    these examples (columns split, class_name). What a score, learning or a list leaves is not known yet: they count as
    all that they can leave, so that nothing is refused that might do.
    """
    most = examples.loc[examples["split"] == "train", "class_name"].value_counts()
    total = int(most.sum())
    for settings in chain[:-1]:
        most, total = _left(most, total, settings)
    settings = chain[-1]
    select, (chosen, count) = settings["select"], _chosen(most, total, settings)
    place, remedy = f"datasets.{name}", "raise select.fraction" if "fraction" in select else "ask for fewer"
    known = examples["class_name"].unique()
    for label in select.get("classes", []):
        if label not in known:
            yield f"{place}.select.classes: no class {label!r}; {suggestion(label, known)}"
    train, test = settings.get("train", 1), settings.get("test", 0)
    if train + test > count:
        asked = f"{train:,} for training" + (f" and {test:,} for testing" if test else "")
        text = f"at most {count:,} of {total:,} examples are chosen, asked for {asked}"
        yield f"{place}.select: {text}; {remedy}"
    elif settings.get("per_class") and "fraction" in select:
        chosen = chosen[chosen > 0]
        least = (settings.get("train", 0) // len(chosen)) + test // len(chosen)
        if chosen.min() < least:
            text = f"class {chosen.idxmin()!r} has at most {chosen.min():,} chosen examples, asked for {least:,}"
            yield f"{place}.per_class: {text}; {remedy} or set per_class: false"


def _chosen(most: pd.Series, total: int, settings: Mapping) -> tuple[pd.Series, int]:
    """The largest numbers of each class, and of all, that can be chosen of as many."""
    select = settings["select"]
    if "classes" in select:
        most = most[most.index.isin(select["classes"])]
    elif "fraction" in select and settings.get("per_class"):
        most = (most * select["fraction"]).round().astype(int)
    elif "fraction" in select:
        total = round(total * select["fraction"])
    return most.clip(upper=total), min(total, int(most.sum()))


def _left(most: pd.Series, total: int, settings: Mapping) -> tuple[pd.Series, int]:
    """The largest numbers of training examples that a subset can have."""
    chosen, count = _chosen(most, total, settings)
    count = max(count - settings.get("test", 0), 0)
    count = min(count, settings.get("train", count))
    if settings["select"].get("by") == "list":  # whose decisions may move examples to any class
        chosen = pd.Series(count, index=chosen.index)
    return chosen.clip(upper=count), count
