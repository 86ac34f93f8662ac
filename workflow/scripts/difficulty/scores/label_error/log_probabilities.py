"""The logarithms of what predictors say, which the noise model takes."""

from collections.abc import Sequence

import numpy as np

from difficulty.scores.label_error.class_arrays import blocks

_FLOOR, _FLOOR_OF_NAMES = 1e-12, 1e-6  # of probabilities; see `of_zeros`


def inputs_of(predictors: Sequence[np.ndarray], zeros: Sequence[float]) -> np.ndarray:
    """The log probabilities of all predictors, each (N, C), and a 1, (M C + 1, N). zeros: see `of_zeros`."""
    examples, classes = predictors[0].shape
    inputs = np.empty((len(predictors) * classes + 1, examples))
    for rows in blocks(examples, classes):
        inputs[:, rows] = logarithms([each[rows] for each in predictors], zeros)
    return inputs


def of_zeros(probabilities: np.ndarray) -> float:
    """What a 0 of a predictor counts as: half of what it says at least elsewhere.

    Of twenty votes it says that there were twenty. One that only ever names a class, with a 1, says nothing of how sure
    it is: it might err as often as the labels.
    """
    smallest = float(probabilities.min(where=probabilities > 0, initial=1.0))
    return smallest / 2 if smallest < 1 else _FLOOR_OF_NAMES


def logarithms(predictors: Sequence[np.ndarray], zeros: Sequence[float]) -> np.ndarray:
    """(M C + 1, n); see `inputs_of`."""
    known = [np.where(each > 0, each.astype(np.float64), zero) for each, zero in zip(predictors, zeros, strict=True)]
    found = np.log(np.maximum(np.concatenate(known, axis=1), _FLOOR)).T
    return np.concatenate([found, np.ones((1, found.shape[1]))])
