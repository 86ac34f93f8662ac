"""Label quality from out-of-sample probabilities: how well networks that never saw an example support its label.

Confident learning: Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 70
(2021), arXiv 1911.00068. All functions take probabilities (N, C) of examples that were held out, and their given
labels int (N,).
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from difficulty.scores.label_quality import catalogue
from difficulty.tables import Column, Schema

LABEL_QUALITY: Mapping[str, Column] = {
    name: Column(pa.float32() if entry.direction else pa.bool_(), entry.description, entry.nullable, entry.direction)
    for name, entry in catalogue.LABEL_QUALITY.items()
}

NOISE_ESTIMATES = Schema(
    "noise_estimates",
    {
        "seed": Column(pa.int64(), "seed, whose folds together hold each training example out once"),
        "examples": Column(pa.int64(), "number of examples that were held out"),
        "label_issues": Column(pa.int64(), "number of examples that are confidently of another class than given"),
        "estimated_noise_rate": Column(pa.float64(), "estimated share of wrong labels (Northcutt et al. 2021)"),
    },
    key=("seed",),
)

# A threshold is a mean of probabilities, which rounding must not lift above probabilities that are all equal.
_TOLERANCE = 1e-6


def self_confidence(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probability of the given label, (N,)."""
    return probabilities[np.arange(len(labels)), labels]


def normalized_margin(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probability of the given label minus the largest other one, (N,), from -1 to 1.

    As in the paper (section 3.2, after Wei et al. 2018); the library cleanlab maps it to (margin + 1) / 2.
    """
    others = np.array(probabilities)
    others[np.arange(len(labels)), labels] = -np.inf
    return self_confidence(probabilities, labels) - others.max(axis=1)


def confident_joint(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Counts (C, C) of examples by given label (row) and class that they confidently belong to (column).

    An example belongs to the most probable one of the classes whose threshold it reaches, and is counted nowhere if
    there is none (equation 1 of the paper). The threshold of a class is the mean probability of that class among the
    examples labelled so (equation 2). The library cleanlab differs in rare cases: it counts an example that reaches
    several thresholds for its most probable class even if it does not reach that one's, and puts at least 1 on the
    diagonal.
    """
    classes = probabilities.shape[1]
    confident = _confident_class(probabilities, labels)
    counted = confident >= 0
    cells = labels[counted] * classes + confident[counted]
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def estimated_noise_rate(joint: np.ndarray, labels: np.ndarray) -> float:
    """Share of wrong labels: off the diagonal of the confident joint (C, C), calibrated to the given labels (N,).

    Calibrated means that each row is scaled to the number of examples with that label (equation 3 of the paper).
    A class without any confident example counts as free of noise.
    """
    given = np.bincount(labels, minlength=len(joint))
    counted = joint.sum(axis=1)
    right = np.divide(np.diagonal(joint), counted, out=np.ones(len(joint)), where=counted > 0)
    return float(1 - given @ right / given.sum())


def label_issues(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which examples are in an off-diagonal cell of the confident joint, bool (N,): method 2 of the paper."""
    confident = _confident_class(probabilities, labels)
    return (confident >= 0) & (confident != labels)


def _confident_class(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The class that each example confidently belongs to, or -1, (N,)."""
    classes = probabilities.shape[1]
    given = np.bincount(labels, minlength=classes)
    total = np.bincount(labels, weights=self_confidence(probabilities, labels), minlength=classes)
    thresholds = np.divide(total, given, out=np.full(classes, np.inf), where=given > 0)
    reached = (probabilities >= thresholds * (1 - _TOLERANCE)) & (probabilities > 0)
    best = np.where(reached, probabilities, -1.0).argmax(axis=1)
    return np.where(reached.any(axis=1), best, -1)
