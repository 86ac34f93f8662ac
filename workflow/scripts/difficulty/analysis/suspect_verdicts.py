"""One word on each training example, with the evidence in a sentence of its own numbers.

The rules are in docs/acting.md; the first that holds gives the word.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from difficulty.scores.label_error.thresholds import LIKELIER_WRONG

WRONG, DUPLICATE, DISPUTED, AMBIGUOUS, ATYPICAL, EASY, TYPICAL = (
    *("likely wrong label", "duplicate or leak", "disputed", "ambiguous", "atypical", "easy", "typical"),
)
UNDECIDED = "undecided"
VERDICTS = (WRONG, DUPLICATE, DISPUTED, AMBIGUOUS, ATYPICAL, EASY, TYPICAL, UNDECIDED)

_MOST = 0.5  # share of the predictions
_BOTH = 0.25  # share that the given label and another class both need to be likely
_LATE = 0.75  # of the epochs
_RARELY = 0.5  # share of networks that are right about an image that they have not seen
_ALWAYS = 0.9  # share of the epochs


@dataclass(frozen=True)
class Training:
    """What training found of N examples, each (N,); NaN for what is not known.

    correctness: share of epochs with the given label predicted, where the example was trained on. learned: epoch from
    which on it always was, one more than `epochs` for never. consistency: share of the networks that have not seen the
    example and are right about it. neighbors: share of the votes of its nearest images, in given features, that are
    for another label.
    """

    epochs: int
    correctness: np.ndarray
    learned: np.ndarray
    consistency: np.ndarray
    neighbors: np.ndarray

    def of(self, chosen: np.ndarray) -> "Training":
        """The same of some of the examples, by position."""
        return replace(self, **_of(self, chosen))


@dataclass(frozen=True)
class Predictions:
    """What networks predict of N examples, each (N,).

    given, other: shares of the predictions that are the given label, and the most common other class. name: of that.
    held_out: whether the networks that count have not seen the example.
    """

    given: np.ndarray
    other: np.ndarray
    name: np.ndarray
    held_out: np.ndarray

    def of(self, chosen: np.ndarray) -> "Predictions":
        """The same of some of the examples, by position."""
        return replace(self, **_of(self, chosen))


def _of(facts: Training | Predictions, chosen: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[chosen] for name, values in vars(facts).items() if isinstance(values, np.ndarray)}


def verdicts(
    probability: np.ndarray, predictions: Predictions, training: Training, duplicate: np.ndarray
) -> np.ndarray:
    """One of VERDICTS for each of N examples.

    probability: (N,), that the label is wrong; NaN where nothing permits an estimate. duplicate: (N,), what the same
    image is elsewhere, None for most.
    """
    wrong = probability > LIKELIER_WRONG
    disputed = predictions.other > _MOST
    both = (predictions.given >= _BOTH) & (predictions.other >= _BOTH)
    late = training.learned > _LATE * training.epochs
    missed = training.consistency < _RARELY
    rules = [
        (wrong, WRONG),
        (pd.notna(duplicate), DUPLICATE),
        (disputed, DISPUTED),
        (both, AMBIGUOUS),
        (late | missed, ATYPICAL),
        (training.correctness >= _ALWAYS, EASY),
        (np.isnan(training.correctness) & (predictions.given >= _ALWAYS), EASY),
    ]
    return np.select([np.asarray(holds, bool) for holds, _ in rules], [word for _, word in rules], TYPICAL)


def sentences(
    probability: np.ndarray, predictions: Predictions, training: Training, duplicate: np.ndarray, remarks: np.ndarray
) -> list[str]:
    """The evidence on each example in one sentence.

    remarks: (N,), what else there is to say, None for most. Other arguments as for `verdicts`.
    """
    columns = (
        *(probability, predictions.given, predictions.other, predictions.name, predictions.held_out),
        *(training.correctness, training.learned, training.consistency, training.neighbors, duplicate),
        remarks,
    )
    return [_sentence(training.epochs, *values) for values in zip(*columns, strict=True)]


def undecided(reason: str, evidence: list[str]) -> tuple[np.ndarray, list[str]]:
    """Words and sentences where networks deserve no trust: no verdict, and last why. evidence: see `sentences`."""
    why = reason[0].upper() + reason[1:]
    return np.full(len(evidence), UNDECIDED, object), [f"{sentence}. {why}." for sentence in evidence]


def _sentence(
    epochs, probability, given, other, name, held_out, correctness, learned, consistency, neighbors, duplicate, remark
) -> str:
    who = "networks that have not seen it" if held_out else "networks"
    votes = f"{who} predict the given label in {given:.0%} of the cases"
    parts = [votes + (f" and {name} in {other:.0%}" if other > 0 else "")]
    if learned > epochs:
        parts.append("training did not learn it for good" if correctness > 0 else "training never learned it")
    elif not np.isnan(learned):
        parts.append(f"it is learned for good from epoch {learned:.0f} of {epochs} on (mean over runs)")
    if not np.isnan(consistency) and not held_out:
        parts.append(f"{consistency:.0%} of the networks that have not seen it are right")
    if not np.isnan(neighbors):
        parts.append(f"its nearest images vote for other labels with {neighbors:.0%}")
    if not np.isnan(probability):
        parts.append(f"the label is wrong with probability {probability:.2f}")
    parts += [each for each in (duplicate, remark) if each is not None]
    text = "; ".join(parts)
    return text[0].upper() + text[1:]
