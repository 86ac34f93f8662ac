"""What networks gain from leaving training examples out, or from other labels for them."""

from collections.abc import Collection, Mapping, Sequence
from math import ceil

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.generalization import paired_difference
from difficulty.scores.runs import seed_of
from difficulty.tables import Column, Schema
from difficulty.training.batch_size import chosen_batch_size

MEASURES = ("top1", "loss")
NOTHING, CONTROL = "nothing", "control"  # the former as the configuration calls it

_RULE = Column(pa.string(), f"by which examples are left out or labels corrected; {NOTHING}: all are as they were")
_EXPERIMENT = Column(pa.string(), "experiment")

REMOVAL = Schema(
    "removal",
    {
        "rule": _RULE,
        "experiment": _EXPERIMENT,
        "run": Column(pa.string(), "seed-0, or seed-0-fold-3"),
        "seed": Column(pa.int64(), "seed of the run"),
        "seed_chose": Column(
            pa.bool_(),
            "a network of this seed was among those that chose the examples, or corrected the labels: where "
            "architectures are the same, both start from the same weights",
        ),
        "epoch": Column(pa.int32(), "checkpoint that is tested: the last one that is kept"),
        "steps": Column(pa.int64(), "gradient steps of the training; null for networks trained elsewhere", True),
        "left": Column(pa.int64(), "training examples that are left"),
        "left_share": Column(pa.float64(), "share of all training examples"),
        "dropped": Column(pa.int64(), "training examples that are left out"),
        "dropped_wrong": Column(pa.float64(), "share of these whose label was wrong, where that is known", True),
        "relabelled": Column(pa.int64(), "training examples that are left and have another label"),
        "relabelled_wrong": Column(pa.float64(), "share of these whose label was wrong, where that is known", True),
        "relabelled_right": Column(pa.float64(), "share of these whose new label is right, where that is known", True),
        "wrong_left": Column(pa.float64(), "share of the labels left that are wrong, where that is known", True),
        "test_examples": Column(pa.int64(), "examples of the test split"),
        "top1": Column(pa.float64(), "share of the test examples classified right"),
        "loss": Column(pa.float64(), "mean cross-entropy of the test examples, nats"),
    },
    key=("experiment", "run"),
)

REMOVAL_SUMMARY = Schema(
    "removal_summary",
    {
        "rule": _RULE,
        "experiment": _EXPERIMENT,
        "left": Column(pa.int64(), "training examples that are left"),
        "measure": Column(pa.string(), "top1 or loss (nats), of the test split"),
        "runs": Column(pa.int64(), "number of runs"),
        "mean": Column(pa.float64(), "mean over the seeds; folds of a seed count as their mean"),
        "std": Column(pa.float64(), "standard deviation over the seeds (ddof 1); null below two", True),
        "compared_with": Column(
            pa.string(),
            f"{NOTHING}: the experiment on all examples; {CONTROL}: that of the control with the nearest number of "
            "examples, or that on all examples where none is left out",
        ),
        "against": Column(pa.string(), "that experiment"),
        "against_left": Column(pa.int64(), "training examples that are left to it"),
        "seeds": Column(pa.int64(), "seeds that both have; folds of a seed count as their mean"),
        "difference": Column(pa.float64(), "mean over these seeds of the measure less the other's", True),
        "low": Column(
            pa.float64(), "lower end of its 95 % interval (t distribution, paired seeds); null below two", True
        ),
        "high": Column(pa.float64(), "upper end of that interval", True),
    },
    key=("experiment", "measure", "compared_with"),
)


def described_labels(labels: pd.DataFrame, before: pd.DataFrame, is_known: bool) -> dict:
    """What an experiment leaves of the training examples of another: columns left to wrong_left of REMOVAL.

    labels, before: LABELS of the experiment and of the one on all examples. is_known: whether it is known which labels
    of the latter are wrong.
    """
    own, of = (each[each["split"] == "train"].set_index("example_id") for each in (labels, before))
    dropped, former = of[~of.index.isin(own.index)], of.loc[own.index]
    moved = (own["label"] != former["label"]).to_numpy()
    right = own["label"] == former["clean_label"]

    def share(values: pd.Series) -> float:
        return float(values.mean()) if is_known and len(values) else np.nan

    return {
        "left": len(own),
        "left_share": len(own) / len(of),
        "dropped": len(dropped),
        "dropped_wrong": share(dropped["is_corrupt"]),
        "relabelled": int(moved.sum()),
        "relabelled_wrong": share(former.loc[moved, "is_corrupt"]),
        "relabelled_right": share(right[moved]),
        "wrong_left": share(~right),
    }


def removal_table(
    rules: Mapping[str, str],
    evaluations: pd.DataFrame,
    tests: Mapping[str, str],
    described: Mapping[str, Mapping],
    steps: Mapping[str, Mapping],
    chosen_under: Mapping[str, Collection[int]],
) -> pd.DataFrame:
    """Rows of REMOVAL: each run at the last epoch that is evaluated.

    rules: experiment -> its rule, in order. evaluations: columns of EVALUATIONS. tests: experiment -> data set under
    whose name it is tested. described: experiment -> as `described_labels` gives it. steps: experiment -> epochs,
    drop_last and what `chosen_batch_size` takes of its training, if it is trained here. chosen_under: experiment ->
    seeds that chose.
    """
    last = evaluations.groupby(["experiment", "run"])["epoch"].transform("max")
    evaluations = evaluations[evaluations["epoch"] == last]
    parts = []
    for experiment, rule in rules.items():
        rows = evaluations[evaluations["experiment"] == experiment].set_index("run")
        tested = rows[(rows["dataset"] == tests[experiment]) & (rows["split"] == "test")]
        trained = rows[rows["split"] == "train"].loc[tested.index, "examples"]
        part = pd.DataFrame({"rule": rule, "experiment": experiment, "run": tested.index})
        part["seed"] = [int(seed_of(run).removeprefix("seed-")) for run in tested.index]
        part["seed_chose"] = part["seed"].isin(list(chosen_under[experiment]))
        part["epoch"] = tested["epoch"].to_numpy()
        part["steps"] = pd.array([_steps(steps.get(experiment), count) for count in trained], dtype="Int64")
        part = part.assign(**described[experiment], test_examples=tested["examples"].to_numpy())
        parts.append(part.assign(**{measure: tested[measure].to_numpy() for measure in MEASURES}))
    return pd.concat(parts, ignore_index=True)


def _steps(training: Mapping | None, examples: int) -> int | None:
    """Gradient steps of a training of so many examples; None if it was not done here."""
    if training is None:
        return None
    in_epoch = examples / chosen_batch_size(training, examples)
    return training["epochs"] * (int(in_epoch) if training["drop_last"] else ceil(in_epoch))


def removal_summary(table: pd.DataFrame, control: str | None = None) -> pd.DataFrame:
    """Rows of REMOVAL_SUMMARY from those of REMOVAL, in their order.

    control: rule that the others are compared with, or the experiment on all examples for one that leaves none out.
    That one is compared with itself.
    """
    by_seed = {name: part.groupby("seed")[list(MEASURES)].mean() for name, part in table.groupby("experiment")}
    first = table.drop_duplicates("experiment").set_index("experiment")
    base = first.index[first["rule"] == NOTHING][0]
    rows = []
    for experiment, row in first.iterrows():
        others = {NOTHING: base}
        if control is not None and row["rule"] not in (NOTHING, control):
            of_control = nearest(first.loc[first["rule"] == control, "left"], row["left"])
            others[CONTROL] = of_control if row["left"] < first.loc[base, "left"] else base
        for measure in MEASURES:
            values = by_seed[experiment][measure]
            own = {"rule": row["rule"], "experiment": experiment, "left": row["left"], "measure": measure}
            own |= {"runs": int((table["experiment"] == experiment).sum())}
            own |= {"mean": values.mean(), "std": values.std(ddof=1)}
            for name, against in others.items():
                pairs = (values - by_seed[against][measure]).dropna().to_numpy()
                other = {"compared_with": name, "against": against, "against_left": first.loc[against, "left"]}
                rows.append(own | other | paired_difference(pairs))
    return pd.DataFrame(rows, columns=list(REMOVAL_SUMMARY.columns))


def nearest(left: pd.Series, wanted: int) -> str:
    """The experiment whose number of examples is nearest, the first among equals. left: experiment -> number."""
    return (left - wanted).abs().idxmin()


def mean_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of values over seeds, and the ends of its 95 % interval (t distribution), NaN below two."""
    found = paired_difference(np.asarray(values, float))
    return found["difference"], found["low"], found["high"]
