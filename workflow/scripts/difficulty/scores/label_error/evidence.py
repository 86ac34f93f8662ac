"""Evidence that a given label is wrong, and how evidence of unlike kinds becomes one score.

What one network says of an example depends on whether it was trained on it. In the end it may have memorised a wrong
label, so that its early epochs count as well; of what it has not seen, its last word counts. Averages over networks
find far more than the best network. Predictors of unlike kinds (networks trained here, features of a network trained
on other images) err on unlike images; only the order of their values can be compared, so that normal scores of the
ranks are averaged. A kind weighs by how well it predicts the given labels of images that it has not seen, squared: of
two like predictors both help, but a poor one next to a good one would do harm. docs/findings.md has the comparison of
this rule with others.

Margins: Pleiss et al., "Identifying mislabeled data using the area under the margin ranking", NeurIPS 2020, arXiv
2001.10528. Held-out loss as evidence: Northcutt, Jiang, Chuang, "Confident learning", JAIR 70 (2021), arXiv 1911.00068.
Normal scores of ranks, quantiles of a normal distribution at (rank - 1/2) / N: Hazen, "Storage to be provided in
impounding reservoirs", Transactions of the American Society of Civil Engineers 77 (1914).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from difficulty.analysis.ties import midranks

_FLOOR = 1e-12  # of probabilities, whose logarithms are taken
_LEAST = 0.01  # of the skill of a kind of evidence, in proportion to the best


def trained_on_evidence(margin: np.ndarray, last_views: np.ndarray | None = None) -> np.ndarray:
    """Evidence of a network that was trained on the examples, (N,): minus the mean margin, later epochs counting more.

    margin: (T, N), logit of the given label minus the largest other one, at every epoch. The weight of an epoch is its
    number. last_views: (N,), the mean margin of augmented views of the images at the last epoch, which then counts as
    much as all epochs together.
    """
    weights = np.arange(1, len(margin) + 1, dtype=np.float64)
    mean = weights @ margin.astype(np.float64) / weights.sum()
    return -mean if last_views is None else -(mean + last_views) / 2


def predicted_evidence(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Evidence of what has not seen the examples, (N,): mean of the loss and minus the log-probability margin.

    probabilities: (N, C). labels: int (N,), given.
    """
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
    scores[known] = ndtri((midranks(values[known]) - 0.5) / known.sum())
    return scores


def combined(kinds: Sequence[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
    """label_error (N,) of several kinds of evidence (N,): the mean of their normal scores where they are known.

    weights: of the kinds; None: equal. NaN where none is known.
    """
    scores = np.stack([normal_scores(values) for values in kinds])
    weight = np.outer(np.ones(len(kinds)) if weights is None else weights, np.ones(scores.shape[1]))
    weight[np.isnan(scores)] = 0
    total = weight.sum(axis=0)
    return np.divide(np.nansum(scores * weight, axis=0), total, out=np.full(len(total), np.nan), where=total > 0)


def skill(predicted: np.ndarray, labels: np.ndarray) -> float:
    """How far classes (N,) predicted of unseen examples are from the commonest label, 0, to being always right, 1."""
    commonest = np.bincount(labels).max() / len(labels)
    accuracy = (predicted == labels).mean()
    return float(max(accuracy - commonest, 0) / (1 - commonest)) if commonest < 1 else 0.0


def weights_of(kinds: Sequence[str], skills: Mapping[str, float]) -> list[float]:
    """The weight of each kind of evidence: its skill squared; of a kind without one, that of the most skilful."""
    best = max(skills.values(), default=0) or 1
    return [max(skills.get(kind, best) / best, _LEAST) ** 2 for kind in kinds]


class PooledNetworks:
    """The mean evidence of networks that were trained on some of N examples, collected run by run.

    example_id: int64 (N,), sorted.
    """

    def __init__(self, example_id: np.ndarray):
        self.example_id = example_id
        self._sum, self._count = np.zeros(len(example_id)), np.zeros(len(example_id), np.int16)

    def add(self, example_id: np.ndarray, evidence: np.ndarray) -> None:
        """Adds what one network says of some of the examples."""
        places = np.searchsorted(self.example_id, example_id)
        self._sum[places] += evidence
        self._count[places] += 1

    def mean(self) -> np.ndarray:
        """(N,), NaN where no network has said anything."""
        return np.divide(self._sum, self._count, out=np.full(len(self._sum), np.nan), where=self._count > 0)
