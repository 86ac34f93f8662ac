"""Chooses the test examples whose predictions influence scores explain."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from difficulty.errors import UserError
from difficulty.random_streams import derived_seed
from difficulty.suggestions import suggestion


def choose_queries(candidates: pd.DataFrame, settings: Mapping, name: str) -> pd.DataFrame:
    """The test examples that meet all conditions, in the order of the candidates.

    candidates: columns example_id, label, class_name, one row per test example; and predicted (nullable), if wanted.
    settings: any of example_ids, classes (names), misclassified, count and seed; where there is a count, so many are
    drawn at random. An unknown prediction is not wrong. name: of the query set, for errors.
    Raises UserError for an example that is no test example, or a class that does not exist.
    """
    chosen = np.ones(len(candidates), bool)
    if not len(candidates) and (settings.keys() & {"example_ids", "classes"}):
        raise UserError(f"{name}: the data set has no test example; name its experiments, or leave this query set out")
    if wanted := settings.get("example_ids"):
        if unknown := sorted(set(wanted) - set(candidates["example_id"])):
            raise UserError(f"{name}.example_ids: {unknown[0]} is no test example; see the table of examples")
        chosen &= candidates["example_id"].isin(wanted).to_numpy()
    if wanted := settings.get("classes"):
        _check_classes(wanted, sorted(set(candidates["class_name"])), name)
        chosen &= candidates["class_name"].isin(wanted).to_numpy()
    if settings.get("misclassified"):
        wrong = candidates["predicted"] != candidates["label"]
        chosen &= wrong.fillna(False).to_numpy(bool)
    rows = np.flatnonzero(chosen)
    if (count := settings.get("count")) and count < len(rows):
        generator = np.random.default_rng(derived_seed(settings.get("seed", 0), "queries"))
        rows = np.sort(generator.choice(rows, count, replace=False))
    return candidates.iloc[rows][["example_id", "label"]]


def _check_classes(wanted: list[str], known: list[str], name: str) -> None:
    for each in wanted:
        if each not in known:
            raise UserError(f"{name}.classes: no test example of class {each!r}; {suggestion(each, known)}")
