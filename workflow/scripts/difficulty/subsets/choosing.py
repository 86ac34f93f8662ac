"""Choosing the examples of a subset: by list, class, chance, score, truth, or by what an experiment learned or says."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from difficulty.datasets.duplicates import content_of
from difficulty.datasets.selection import stratified
from difficulty.errors import UserError
from difficulty.random_streams import derived_seed
from difficulty.subsets.decisions import DECISION
from difficulty.suggestions import suggestion


def choose(examples: pd.DataFrame, settings: Mapping, evidence: pd.Series | None = None) -> pd.DataFrame:
    """The examples of a subset.

    examples: EXAMPLES table of the data set that it is a subset of.
    settings: select (by, and what that takes: fraction, keep, strata, drop_hardest, classes, balance), per_class,
        train, test, seed.
    evidence: index example_id; by `score` how hard each training example is (higher: harder; those without a
        value are not chosen), by `learned` whether it was, by `verdict` the word on it, by `truth` whether its label is
        wrong, by `random` the class of each example of the subset that says how many, by `list` anything: its index is
        the list, or all examples that decisions on a list do not drop (where it is called `decision`).
    Returns rows of `examples`, training examples first, otherwise in their order, with their new splits. Classes
    chosen by name are renumbered; the example_id stays. Where no number of test examples is given, the test split
    stays as it is, but for examples that a list or the classes leave out.
    Images that are identical (see `duplicate_of`) are never on two sides: not in a test part that is drawn and in
    training, not among the easiest and the hardest, not learned and not learned.
    Raises UserError with counts and remedy if there are fewer than asked for.
    """
    examples = examples.assign(content=content_of(examples))
    select = settings["select"]
    pool = examples[examples["split"] == "train"]
    test = examples[examples["split"] == "test"]
    classes = None
    if select["by"] == "class":
        classes = _known_classes(examples, select["classes"])
        pool, test = (part[part["class_name"].isin(classes)] for part in (pool, test))
        side, others = pool, "; name more classes"
    elif select["by"] == "list":
        side = pool[pool["example_id"].isin(evidence.index)]
        listed = test[test["example_id"].isin(evidence.index)]
        if evidence.name == DECISION:
            test, others = listed, "; drop fewer"
        else:
            test, others = listed if len(listed) else test, "; list more"
    elif select["by"] == "learned":
        side, others = _learned_side(pool, settings, evidence)
    elif select["by"] == "verdict":
        side, others = _verdict_side(pool, select, evidence), "; name other verdicts"
    elif select["by"] == "truth":
        side, others = pool[~pool["example_id"].map(evidence).fillna(False).astype(bool)], "; choose in another way"
    elif "like" in select:
        side, others = _as_many(pool, settings, evidence), "; raise those of select.like"
    else:
        share = _stratified_share if select.get("keep") == "stratified" else _share
        side = share(pool, settings, evidence)
        others = "; raise select.fraction"
    if side.empty:
        raise UserError(f"select (by {select['by']}): no training example is chosen{others}")
    _check_sizes(side, settings, others)
    if "test" in settings:
        test = _draw(side, settings["test"], settings, "test")
        side = side[~side["content"].isin(test["content"])]
        _check_sizes(side, {**settings, "test": 0}, " that differ from those for testing" + others)
    if "train" in settings:
        side = _draw(side, settings["train"], settings, "train")
    parts = {"train": side, "test": test}
    chosen = pd.concat([part.sort_index().assign(split=split) for split, part in parts.items()])
    if classes:
        chosen["label"] = chosen["class_name"].map({name: label for label, name in enumerate(classes)})
    return chosen.drop(columns="content").reset_index(drop=True)


def _known_classes(examples: pd.DataFrame, wanted: list[str]) -> list[str]:
    """The wanted classes in the order of their old numbers."""
    known = examples.sort_values("label")["class_name"].drop_duplicates()
    if unknown := [name for name in wanted if name not in set(known)]:
        raise UserError(f"select.classes: no class {unknown[0]!r}; {suggestion(unknown[0], known)}")
    return [name for name in known if name in wanted]


def _share(pool: pd.DataFrame, settings: Mapping, hardness: pd.Series | None) -> pd.DataFrame:
    """A share of the pool, or of each class of it: drawn, or the easiest or hardest; ties are broken by a draw.

    Identical images are ranked together, by their mean score, and chosen if all of them are among the share. So with
    the same seed the easiest and the hardest halves have no image in common.
    """
    select = settings["select"]
    order = pd.Series(_generator(settings, "order").random(len(pool)), index=pool.index)
    order = order.groupby(pool["content"]).transform("first")
    if select["by"] == "score":
        values = pool["example_id"].map(hardness).groupby(pool["content"]).transform("mean")
        order = pd.DataFrame({"value": values, "tie": order}).dropna().sort_values(["value", "tie"])
        order = pd.Series(np.arange(len(order)), index=order.index)
        if select["keep"] == "hardest":
            order = -order
    pool = pool.loc[order.index]
    groups = pool["label"] if settings["per_class"] else pd.Series(0, index=pool.index)
    rank = order.groupby(groups).rank(method="first")
    sizes = groups.map((groups.value_counts() * select["fraction"]).round())
    return pool[(rank <= sizes).groupby(pool["content"]).transform("all")]


def _stratified_share(pool: pd.DataFrame, settings: Mapping, hardness: pd.Series) -> pd.DataFrame:
    """A share of the images of the pool, or of each class of it, drawn from all levels of difficulty.

    Identical images count as one, with their mean score and the class of the first, and are chosen together.
    """
    select = settings["select"]
    options = {name: select[name] for name in ("strata", "drop_hardest") if name in select}
    values = pool["example_id"].map(hardness).astype(float).groupby(pool["content"]).mean().dropna()
    if np.isinf(values).any():
        raise UserError(f"select.score: {select['score']!r} has infinite values, which have no level; choose another")
    labels = pool.groupby("content")["label"].first()[values.index]
    chosen = []
    for label, members in values.groupby(labels if settings["per_class"] else labels * 0):
        seed = derived_seed("subset", settings["seed"], "strata", label)
        count = round(select["fraction"] * len(members))
        chosen.extend(members.index[stratified(members.to_numpy(), count, seed=seed, **options)])
    return pool[pool["content"].isin(chosen)]


def _learned_side(pool: pd.DataFrame, settings: Mapping, learned: pd.Series) -> tuple[pd.DataFrame, str]:
    """The examples that were learned, or those that were not; and what an error says of the two sides.

    Identical images count as learned if more than half of them were.
    """
    select = settings["select"]
    known = pool["example_id"].map(learned).astype(float).groupby(pool["content"]).transform("mean").dropna() > 0.5
    pool = pool.loc[known.index]
    sides = {name: pool[known == value] for name, value in (("learned", True), ("not_learned", False))}
    counts = f" (learned {len(sides['learned']):,}, not learned {len(sides['not_learned']):,})"
    side, other = (sides[name] for name in sorted(sides, key=lambda name: name != select["keep"]))
    if select["balance"] and len(other) < len(side):
        side = _draw(side, len(other), settings, "balance")
    remedy = f"; train {select['experiment']!r} {'longer' if select['keep'] == 'learned' else 'shorter'}"
    return side, counts + remedy


def _verdict_side(pool: pd.DataFrame, select: Mapping, verdict: pd.Series) -> pd.DataFrame:
    """The examples that have, or do not have, one of some verdicts; without any they have none of them.

    Identical images have one if more than half of them have.
    """
    named = pool["example_id"].map(verdict).isin(select.get("keep") or select["drop"])
    named = named.groupby(pool["content"]).transform("mean") > 0.5
    return pool[named if "keep" in select else ~named]


def _as_many(pool: pd.DataFrame, settings: Mapping, others: pd.Series) -> pd.DataFrame:
    """As many examples as there are `others`, at random; with per_class as many of each class (label) as these have."""
    if not settings["per_class"]:
        _check_number(pool, len(others), "")
        return _draw(pool, len(others), settings, "like")
    generator, parts = _generator(settings, "like"), []
    for label, number in others.value_counts().sort_index().items():
        members = pool[pool["label"] == label]
        _check_number(members, number, f" of class {label}")
        parts.append(members.iloc[_drawn(members["content"], number, generator)])
    return pd.concat(parts)


def _check_number(pool: pd.DataFrame, number: int, what: str) -> None:
    if number > len(pool):
        text = f"{len(pool):,} examples{what}, asked for {number:,} as select.like has; name a smaller data set"
        raise UserError(f"select (by random): {text}")


def _check_sizes(side: pd.DataFrame, settings: Mapping, others: str) -> None:
    train, test = settings.get("train", 1), settings.get("test", 0)
    if train + test > len(side):
        asked = f"{train:,} for training" + (f" and {test:,} for testing" if test else "")
        raise UserError(f"select (by {settings['select']['by']}): {len(side):,} examples, asked for {asked}{others}")


def _draw(side: pd.DataFrame, number: int, settings: Mapping, purpose: str) -> pd.DataFrame:
    """`number` examples at random; with per_class the same number of every class, as far as it divides."""
    generator = _generator(settings, purpose)
    if not settings["per_class"]:
        return side.iloc[np.sort(_drawn(side["content"], number, generator))]
    labels = generator.permutation(side["label"].unique())
    shares = [number // len(labels) + (place < number % len(labels)) for place in range(len(labels))]
    parts = []
    for label, share in zip(labels, shares, strict=True):
        members = side[side["label"] == label]
        if share > len(members):
            name = members["class_name"].iloc[0]
            raise UserError(
                f"per_class: class {name!r} has {len(members):,} chosen examples, asked for {share:,} for {purpose}; "
                f"ask for fewer than {len(members) * len(labels):,} or set per_class: false"
            )
        parts.append(members.iloc[_drawn(members["content"], share, generator)])
    return pd.concat(parts)


def _drawn(content: pd.Series, number: int, generator: np.random.Generator) -> np.ndarray:
    """Positions of `number` of the examples, drawn at random; identical ones together as long as that fills it."""
    if content.is_unique:
        return generator.choice(len(content), number, replace=False)
    groups = list(content.reset_index(drop=True).groupby(content.to_numpy(), sort=False).indices.values())
    taken, left, room = [], [], number
    for place in generator.permutation(len(groups)):
        fits = len(groups[place]) <= room
        (taken if fits else left).append(groups[place])
        room -= len(groups[place]) * fits
    rest = np.concatenate(left) if room else []
    return np.concatenate([*taken, rest[:room]]).astype(int)


def _generator(settings: Mapping, purpose: str) -> np.random.Generator:
    return np.random.default_rng(derived_seed("subset", settings["seed"], purpose))
