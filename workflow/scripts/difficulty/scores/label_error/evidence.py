"""Evidence that a given label is wrong, and how evidence of unlike kinds becomes one score.

What one network says of an example depends on whether it was trained on it. In the end it may have memorised a wrong
label, so that its early epochs count as well; of what it has not seen, its last word counts. Averages over networks
find far more than the best network. Predictors of unlike kinds (networks trained here, features of a network trained
on other images) err on unlike images; only the order of their values can be compared, so that normal scores of the
ranks are averaged, each kind counting once. docs/findings.md has the comparison of this rule with others.

Margins: Pleiss et al., "Identifying mislabeled data using the area under the margin ranking", NeurIPS 2020, arXiv
2001.10528. Held-out loss as evidence: Northcutt, Jiang, Chuang, "Confident learning", JAIR 70 (2021), arXiv 1911.00068.
Normal scores of ranks: van der Waerden, "Order tests for the two-sample problem", Indagationes Mathematicae 14 (1952).
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm, rankdata

from difficulty.scores.dynamics.scoring import settled_epochs

_FLOOR = 1e-12  # of probabilities, whose logarithms are taken


def trained_on_evidence(margin: np.ndarray, last_views: np.ndarray | None = None) -> np.ndarray:
    """Evidence of a network that was trained on the examples, (N,): minus the mean margin, later epochs counting more.

    margin: (T, N), logit of the given label minus the largest other one, at every epoch. The weight of an epoch is its
    number. last_views: (N,), the mean margin of augmented views of the images at the last epoch, which then counts as
    much as all epochs together.
    """
    weights = np.arange(1, len(margin) + 1, dtype=np.float64)
    mean = weights @ margin.astype(np.float64) / weights.sum()
    return -mean if last_views is None else -(mean + last_views) / 2


def held_out_evidence(loss: np.ndarray, margin: np.ndarray, last_views: np.ndarray | None = None) -> np.ndarray:
    """Evidence of a network that has not seen the examples, (N,): mean of its loss and minus its margin.

    loss, margin: (T, N), of which the last quarter of the epochs counts. last_views: as for `trained_on_evidence`.
    """
    settled = slice(-settled_epochs(len(loss)), None)
    losses, margins = (values[settled].mean(axis=0, dtype=np.float64) for values in (loss, margin))
    return (losses - (margins if last_views is None else (margins + last_views) / 2)) / 2


def predicted_evidence(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The same of probabilities (N, C) of examples that their source has not seen, and given labels int (N,)."""
    rows = np.arange(len(labels))
    logs = np.log(np.maximum(probabilities.astype(np.float64), _FLOOR))
    given = logs[rows, labels]
    logs[rows, labels] = -np.inf
    return ((-given) - (given - logs.max(axis=1))) / 2


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Values (N,) as the quantiles of a normal distribution that their ranks are; equal ones share the mean rank.

    NaN stays NaN and counts for nothing.
    """
    scores = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    scores[known] = norm.ppf((rankdata(values[known]) - 0.5) / known.sum())
    return scores


def combined(kinds: Sequence[np.ndarray]) -> np.ndarray:
    """label_error (N,) of several kinds of evidence (N,), each counting once where it is known; NaN where none is."""
    scores = np.stack([normal_scores(values) for values in kinds])
    count = (~np.isnan(scores)).sum(axis=0)
    return np.divide(np.nansum(scores, axis=0), count, out=np.full(scores.shape[1], np.nan), where=count > 0)


class PooledNetworks:
    """The mean evidence of networks for N examples, collected run by run.

    example_id: int64 (N,), sorted.
    """

    def __init__(self, example_id: np.ndarray):
        self.example_id = example_id
        self._sum, self._count = np.zeros(len(example_id)), np.zeros(len(example_id), np.int64)

    def add(self, example_id: np.ndarray, evidence: np.ndarray) -> None:
        """Adds what one network says of some of the examples."""
        places = np.searchsorted(self.example_id, example_id)
        self._sum[places] += evidence
        self._count[places] += 1

    def mean(self) -> np.ndarray:
        """(N,), NaN where no network has said anything."""
        return np.divide(self._sum, self._count, out=np.full(len(self._sum), np.nan), where=self._count > 0)
