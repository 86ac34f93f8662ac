"""How networks trained on parts of a data set do on their own held-out part, on each other's and on the original.

The claim to test is that easy examples generalise better among themselves than hard ones among themselves (Zielinski,
Krishnan, Chatterjee 2020, arXiv:2003.07422).
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores.runs import seed_of
from difficulty.tables import Column, Schema

OWN, OTHER, ORIGINAL = "own", "other", "original"
MEASURES = ("top1", "loss", "gap")
_CONFIDENCE = 0.95

_EXPERIMENT = Column(pa.string(), "experiment")
_DATASET = Column(pa.string(), "data set that the experiment is trained on")
_TESTED_ON = Column(pa.string(), "data set whose test split is classified")
_RELATION = Column(
    pa.string(),
    "own: the held-out part of the data set trained on; other: that of another one; original: the test split of the "
    "data set that all are subsets of, also where a subset has no test split but this",
)

GENERALIZATION = Schema(
    "generalization",
    {
        "experiment": _EXPERIMENT,
        "dataset": _DATASET,
        "run": Column(pa.string(), "seed-0, or seed-0-fold-3"),
        "seed": Column(pa.int64(), "seed of the run"),
        "seed_chose": Column(
            pa.bool_(),
            "a network of this seed was among those that chose the examples trained on: where architectures are the "
            "same, both start from the same weights",
        ),
        "epoch": Column(pa.int32(), "checkpoint that is tested: the last one that is kept"),
        "tested_on": _TESTED_ON,
        "relation": _RELATION,
        "train_examples": Column(pa.int64(), "examples that the run was trained on"),
        "test_examples": Column(pa.int64(), "examples in the test split"),
        "seen": Column(pa.int64(), "of them, how many are training examples of the data set trained on"),
        "train_top1": Column(pa.float64(), "share of the run's training examples classified as their given label"),
        "top1": Column(pa.float64(), "share of the test examples classified right"),
        "train_loss": Column(pa.float64(), "mean cross-entropy of the training examples, nats"),
        "loss": Column(pa.float64(), "mean cross-entropy of the test examples, nats"),
        "gap": Column(pa.float64(), "train_top1 less top1"),
    },
    key=("experiment", "run", "tested_on"),
)

GENERALIZATION_SUMMARY = Schema(
    "generalization_summary",
    {
        "experiment": _EXPERIMENT,
        "dataset": _DATASET,
        "tested_on": _TESTED_ON,
        "relation": _RELATION,
        "measure": Column(pa.string(), "top1, loss (nats) or gap (train_top1 less top1)"),
        "runs": Column(pa.int64(), "number of runs"),
        "mean": Column(pa.float64(), "mean over the seeds; folds of a seed count as their mean"),
        "std": Column(pa.float64(), "standard deviation over the seeds (ddof 1); null below two", nullable=True),
        "control": Column(pa.string(), "experiment that this one is compared with, if any", nullable=True),
        "control_tested_on": Column(
            pa.string(),
            "what the control is tested on for it: its own held-out part if relation is own, else the same data set",
            nullable=True,
        ),
        "seeds": Column(pa.int64(), "seeds that both have; folds of a seed count as their mean"),
        "difference": Column(
            pa.float64(), "mean over these seeds of the measure less the control's; null without any", nullable=True
        ),
        "low": Column(
            pa.float64(), "lower end of its 95 % interval (t distribution, paired seeds); null below two", nullable=True
        ),
        "high": Column(pa.float64(), "upper end of that interval", nullable=True),
    },
    key=("experiment", "tested_on", "measure"),
)


def generalization_table(
    evaluations: pd.DataFrame,
    trained_on: Mapping[str, str],
    tests: Sequence[str],
    original: str,
    train_ids: Mapping[str, pd.Index],
    test_ids: Mapping[str, pd.Index],
    chosen_under: Mapping[str, Collection[int]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Rows of GENERALIZATION: each run on each of the different test splits, at the last epoch that is evaluated.

    evaluations: columns of EVALUATIONS. trained_on: experiment -> data set, in order. tests: data sets, `original`
    among them. train_ids, test_ids: data set -> example_id of its training examples, of its test examples. A test split
    that is the original's counts as that only. chosen_under: data set -> seeds of the networks that chose its examples.
    """
    tests = [name for name in tests if name == original or not _same(test_ids[name], test_ids[original])]
    last = evaluations.groupby(["experiment", "run"])["epoch"].transform("max")
    evaluations = evaluations[evaluations["epoch"] == last]
    parts = []
    for experiment, dataset in trained_on.items():
        rows = evaluations[evaluations["experiment"] == experiment].set_index("run")
        own = rows[(rows["dataset"] == dataset) & (rows["split"] == "train")]
        for test in tests:
            tested = rows[(rows["dataset"] == test) & (rows["split"] == "test")].loc[own.index]
            part = pd.DataFrame({"experiment": experiment, "dataset": dataset, "run": own.index, "tested_on": test})
            part["seed"] = [int(seed_of(run).removeprefix("seed-")) for run in own.index]
            part["seed_chose"] = part["seed"].isin(list(chosen_under.get(dataset, ())))
            part["epoch"] = own["epoch"].to_numpy()
            part["relation"] = relation(dataset, test, original)
            part["train_examples"], part["test_examples"] = own["examples"].to_numpy(), tested["examples"].to_numpy()
            part["seen"] = len(train_ids[dataset].intersection(test_ids[test]))
            for measure in ("top1", "loss"):
                part[f"train_{measure}"], part[measure] = own[measure].to_numpy(), tested[measure].to_numpy()
            parts.append(part.assign(gap=part["train_top1"] - part["top1"]))
    return pd.concat(parts, ignore_index=True)


def relation(dataset: str, tested_on: str, original: str) -> str:
    """What a test split is to the networks trained on `dataset`."""
    if tested_on == original:
        return ORIGINAL
    return OWN if tested_on == dataset else OTHER


def generalization_summary(table: pd.DataFrame, control: str | None = None) -> pd.DataFrame:
    """Rows of GENERALIZATION_SUMMARY from those of GENERALIZATION, in their order.

    control: experiment that the others are compared with. An own held-out part is compared with the control's own one,
    so that it says whose examples generalise better among themselves; every other test split with itself.
    """
    places = ["experiment", "tested_on"]
    by_seed = {place: part.groupby("seed")[list(MEASURES)].mean() for place, part in table.groupby(places)}
    own = dict(table.loc[table["relation"] == OWN, places].itertuples(index=False))
    rows = []
    for (experiment, test), part in table.groupby(places, sort=False):
        first = part.iloc[0]
        against = own.get(control) if first["relation"] == OWN else test
        compared = control not in (None, experiment) and against is not None
        for measure in MEASURES:
            values = by_seed[experiment, test][measure].to_numpy(float)
            row = {name: first[name] for name in ("experiment", "dataset", "tested_on", "relation")}
            row |= {"measure": measure, "runs": len(part), "mean": values.mean(), "std": _std(values)}
            row |= {"control": control if compared else None, "control_tested_on": against if compared else None}
            pairs = by_seed[experiment, test][measure] - by_seed[control, against][measure] if compared else None
            rows.append(row | paired_difference(np.empty(0) if pairs is None else pairs.dropna().to_numpy()))
    return pd.DataFrame(rows, columns=list(GENERALIZATION_SUMMARY.columns))


def paired_difference(differences: np.ndarray) -> dict[str, float]:
    """seeds, difference (mean), low and high of n paired differences (n,): Student's t with n - 1 degrees of freedom.

    NaN where there are too few: no mean of none, no interval below two.
    """
    count = len(differences)
    mean = float(differences.mean()) if count else np.nan
    half = np.nan
    if count > 1:
        from scipy.special import stdtrit  # here, since it takes a while, and studies need no control

        half = float(stdtrit(count - 1, (1 + _CONFIDENCE) / 2) * _std(differences) / np.sqrt(count))
    return {"seeds": count, "difference": mean, "low": mean - half, "high": mean + half}


def _std(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _same(one: pd.Index, other: pd.Index) -> bool:
    return len(one) == len(other) and one.sort_values().equals(other.sort_values())
