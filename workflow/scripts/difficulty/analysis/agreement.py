"""Do networks get the same images right? Agreement of runs over the epochs, with bounds and baseline.

Pliushch et al. 2022, "When deep classifiers agree", arXiv 2105.08997. Runs may be seeds, architectures
or whatever else makes networks of the same examples. Shapes: K runs, E epochs, N examples.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.tables import Column, Schema


def _fraction(description: str, nullable: bool = False) -> Column:
    return Column(pa.float64(), description, nullable)


_ROLE = Column(pa.string(), "role of the examples in the runs: train, validation or test")
_EPOCH = Column(pa.int32(), "epoch, from 1")
JUDGED_BY = Column(
    pa.string(), "label that all predictions are compared with: given, or clean where experiments' given labels differ"
)

AGREEMENT = Schema(
    "agreement",
    {
        "role": _ROLE,
        "epoch": _EPOCH,
        "judged_by": JUDGED_BY,
        "runs": Column(pa.int32(), "number of runs; the folds of a seed count as one: joined, or the first in test"),
        "seeds": Column(pa.int32(), "number of their different seeds; runs of one seed are not independent"),
        "examples": Column(pa.int64(), "number of examples"),
        "agreement": _fraction("examples that all runs classify correctly, over those that any does"),
        "mean_accuracy": _fraction("mean accuracy over runs"),
        "std_accuracy": _fraction("standard deviation of the accuracy over runs (ddof 0)"),
        "lower_bound": _fraction("least agreement that runs of these accuracies can have"),
        "upper_bound": _fraction("greatest agreement that runs of these accuracies can have"),
        "independent": _fraction("agreement of runs of these accuracies that err independently"),
        "independent_within_class": _fraction("the same, of runs independent within each class", nullable=True),
        "chance_corrected": _fraction("(agreement - independent) / (upper_bound - independent)", nullable=True),
        "chance_corrected_within_class": _fraction("the same with independent_within_class", nullable=True),
        "bimodality": _fraction(
            "Pearson's kurtosis - skewness^2 of the share of runs that are correct, over examples; 1 = two-valued", True
        ),
        "binomial_bimodality": _fraction("the same of independent runs of the mean accuracy", nullable=True),
    },
    key=("role", "epoch"),
)

AGREED_CLASSES = Schema(
    "agreed_classes",
    {
        "role": _ROLE,
        "epoch": _EPOCH,
        "judged_by": JUDGED_BY,
        "label": Column(pa.int64(), "class by the label that predictions are compared with"),
        "class_name": Column(pa.string(), "name of the class"),
        "agreed": Column(pa.int64(), "examples of the class that all runs classify correctly"),
        "examples": Column(pa.int64(), "examples of the class; one with several classes is of each"),
    },
    key=("role", "epoch", "label"),
)


def agreement_curve(correct: np.ndarray, classes: np.ndarray | None = None) -> pd.DataFrame:
    """Agreement of K runs per epoch, with the bounds and the chance level that their accuracies set.

    correct: bool (K, E, N), of all runs by the same label of each example. classes: (N,) class of each example, for
    the baseline of runs that err independently within each class; without them that column is NaN.
    Returns fractions in the columns epoch (from 1), agreement, mean_accuracy, std_accuracy (ddof 0),
    lower_bound, upper_bound, independent, independent_within_class; 0 where a denominator is 0.
    Raises ValueError if the shapes are wrong.
    """
    correct = _checked(correct)
    runs, epochs, examples = correct.shape
    hits = correct.sum(axis=2)
    accuracy = hits / examples
    baseline = np.full(epochs, np.nan)
    if classes is not None:
        hits_within, members = _hits_per_class(correct, classes)
        shares = hits_within / members
        baseline = _ratio(members @ shares.prod(axis=0).T, members @ (1 - (1 - shares).prod(axis=0)).T)
    return pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1, dtype=np.int32),
            "agreement": _ratio(correct.all(axis=0).sum(axis=1), correct.any(axis=0).sum(axis=1)),
            "mean_accuracy": accuracy.mean(axis=0),
            "std_accuracy": accuracy.std(axis=0),
            "lower_bound": np.maximum(0, hits.sum(axis=0) - (runs - 1) * examples) / examples,
            "upper_bound": _ratio(hits.min(axis=0), hits.max(axis=0)),
            "independent": _ratio(accuracy.prod(axis=0), 1 - (1 - accuracy).prod(axis=0)),
            "independent_within_class": baseline,
        }
    )


def agreement_table(correct: np.ndarray, classes: np.ndarray) -> pd.DataFrame:
    """`agreement_curve` with what is derived from it: agreement beyond chance, and bimodality.

    correct: bool (K, E, N). classes: (N,).
    """
    curve = agreement_curve(correct, classes).assign(runs=len(correct), examples=correct.shape[2])
    return curve.assign(
        chance_corrected=chance_corrected(curve),
        chance_corrected_within_class=chance_corrected(curve, "independent_within_class"),
        bimodality=bimodality(true_positive_agreement(correct)),
        binomial_bimodality=binomial_bimodality(len(correct), curve["mean_accuracy"]),
    )


def chance_corrected(curve: pd.DataFrame, baseline: str = "independent") -> np.ndarray:
    """(agreement - baseline) / (upper_bound - baseline) of each row: 0 = as by chance, 1 = all there can be.

    baseline: independent or independent_within_class. NaN where the upper bound is the baseline.
    """
    room = (curve["upper_bound"] - curve[baseline]).to_numpy()
    gain = (curve["agreement"] - curve[baseline]).to_numpy()
    return np.divide(gain, room, where=np.abs(room) > 1e-12, out=np.full(len(room), np.nan))


def agreed_classes(correct: np.ndarray, classes: np.ndarray) -> pd.DataFrame:
    """Of which classes the examples are that all runs classify correctly, per epoch.

    correct: bool (K, E, N); classes: (N,), or bool (N, C) where examples have several classes: they count in each.
    Returns the columns epoch, label, agreed, examples (counts), one row per epoch and class that occurs.
    """
    all_correct = _checked(correct).all(axis=0)
    if np.ndim(classes) == 2:
        example, classes = np.nonzero(classes)
        all_correct = all_correct[:, example]
    agreed, members = _hits_per_class(all_correct[None], classes)
    labels = np.unique(classes)
    epochs = agreed.shape[1]
    return pd.DataFrame(
        {
            "epoch": np.repeat(np.arange(1, epochs + 1, dtype=np.int32), len(labels)),
            "label": np.tile(labels, epochs),
            "agreed": agreed[0].ravel(),
            "examples": np.tile(members, epochs),
        }
    )


def true_positive_agreement(correct: np.ndarray) -> np.ndarray:
    """Share of the runs that classify each example correctly, (E, N), from bool (K, E, N)."""
    return _checked(correct).mean(axis=0)


def bimodality(values: np.ndarray) -> np.ndarray:
    """Pearson's measure of bimodality, kurtosis (not the excess) - skewness^2, over the last axis.

    At least 1, and 1 only for two values; 1.8 for a uniform, 3 for a normal distribution. NaN where all
    values are equal. (Pearson 1916, Phil. Trans. A 216, 429.)
    """
    centred = values - values.mean(axis=-1, keepdims=True)
    variance, third, fourth = ((centred**power).mean(axis=-1) for power in (2, 3, 4))
    with np.errstate(divide="ignore", invalid="ignore"):
        measure = fourth / variance**2 - third**2 / variance**3
    return np.where(variance > np.finfo(float).eps, measure, np.nan)


def binomial_bimodality(runs: int, accuracy: np.ndarray) -> np.ndarray:
    """`bimodality` of Binomial(K, a): what independent runs of accuracy a would show, 3 - 2 / K for every a.

    From skewness^2 = (1 - 2a)^2 / v and kurtosis = 3 + (1 - 6a(1-a)) / v with v = K a (1 - a).
    NaN where a is 0 or 1.
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    return np.where((accuracy > 0) & (accuracy < 1), 3 - 2 / runs, np.nan)


def _checked(correct: np.ndarray) -> np.ndarray:
    correct = np.asarray(correct)
    if correct.ndim != 3 or correct.dtype != bool or 0 in correct.shape:
        raise ValueError(
            f"correct is bool (runs, epochs, examples), none of them 0, not {correct.dtype} {correct.shape}"
        )
    return correct


def _hits_per_class(correct: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correct predictions per class, int64 (K, E, C), and its members, (C,); classes in ascending order."""
    classes = np.asarray(classes)
    if classes.shape != correct.shape[2:]:
        raise ValueError(f"classes has shape {classes.shape}, expected {correct.shape[2:]}")
    order = np.argsort(classes, kind="stable")
    _, starts, members = np.unique(classes[order], return_index=True, return_counts=True)
    return np.add.reduceat(correct[:, :, order], starts, axis=2, dtype=np.int64), members


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, where=whole > 0, out=np.zeros(len(whole)))
