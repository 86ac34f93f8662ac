"""Maps from the log probabilities of predictors to the logits of an image's class, and what draws their weights.

Of up to a hundred classes it is a matrix for each predictor and biases (Dirichlet calibration): it corrects how sure
predictors are, and which classes they confuse. A matrix of more classes has tens of thousands of weights, few of which
examples say anything of, and a pass over a million of these takes hours. So the map is then a factor for each predictor
and biases: what the matrices are drawn to (Guo et al., "On calibration of modern neural networks", ICML 2017, arXiv
1706.04599, call it temperature scaling where there is one predictor and no bias).
"""

import numpy as np

_MOST_CLASSES = 100  # that matrices are for
# Nats for the squares of what differs in a predictor's matrix from a multiple of unity, and of the biases: as if these
# were normal with deviations of 0.13 and 0.22.
_PENALTY, _PENALTY_OF_BIASES = 30.0, 10.0
_DEVIATION = 0.3  # of the inputs in the units of the weights: as steep as the logarithms of the transitions
_LEAST_VARIANCE = 1e-6  # of the inputs in these units, in proportion to the largest


class Matrices:
    """Weights (M C + 1, C): M matrices one below the other, then the biases."""

    def __init__(self, classes: int):
        self.classes = classes

    def unchanged(self, predictors: int) -> np.ndarray:
        """Weights that take the mean of the predictors' log probabilities."""
        return np.concatenate([*[np.eye(self.classes) / predictors] * predictors, np.zeros((1, self.classes))])

    def logits(self, weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """(C, n), in memory of their own. inputs: (M C + 1, n), the log probabilities of all predictors and a 1."""
        return weights.T @ inputs

    def slopes(self, inputs: np.ndarray, of_logits: np.ndarray) -> np.ndarray:
        """The gradient by the weights, from that by the logits (C, n)."""
        return inputs @ of_logits.T

    def units(self, inputs: np.ndarray) -> np.ndarray:
        """Units of weights (rows) in which inputs (M C + 1, N) are independent and of equal size, in the given ones."""
        variances, axes = np.linalg.eigh(inputs @ inputs.T / inputs.shape[1])
        return _DEVIATION * (axes / np.sqrt(np.maximum(variances, _LEAST_VARIANCE * variances[-1]))) @ axes.T

    def penalty(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Nats, and their gradient, for biases, and for what of each matrix is not the multiple of unity next to it."""
        kept = weights.copy()
        for start in range(0, len(weights) - 1, self.classes):
            diagonal = np.diag(weights[start:])
            np.fill_diagonal(kept[start : start + self.classes], diagonal - diagonal.mean())
        strength = np.full((len(weights), 1), _PENALTY)
        strength[-1] = _PENALTY_OF_BIASES
        return (strength * kept**2).sum(), 2 * strength * kept


class Factors:
    """Weights (M + C,): a factor for each predictor, then the biases; otherwise as `Matrices`."""

    def __init__(self, classes: int):
        self.classes = classes

    def unchanged(self, predictors: int) -> np.ndarray:
        return np.concatenate([np.full(predictors, 1 / predictors), np.zeros(self.classes)])

    def logits(self, weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        factors, biases = np.split(weights, [-self.classes])
        return np.tensordot(factors, self._of_predictors(inputs), 1) + biases[:, None]

    def slopes(self, inputs: np.ndarray, of_logits: np.ndarray) -> np.ndarray:
        of_factors = np.einsum("mcn,cn->m", self._of_predictors(inputs), of_logits)
        return np.concatenate([of_factors, of_logits.sum(axis=1)])

    def units(self, inputs: np.ndarray) -> np.ndarray:
        """A bias bears on one class, a factor on all."""
        squares = (self._of_predictors(inputs) ** 2).mean(axis=(1, 2))
        return _DEVIATION * np.diag(np.concatenate([1 / np.sqrt(self.classes * squares), np.ones(self.classes)]))

    def penalty(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        kept = weights.copy()
        kept[: -self.classes] = 0
        return _PENALTY_OF_BIASES * (kept**2).sum(), 2 * _PENALTY_OF_BIASES * kept

    def _of_predictors(self, inputs: np.ndarray) -> np.ndarray:
        """(M, C, n), without the 1."""
        return inputs[:-1].reshape(-1, self.classes, inputs.shape[1])


def calibration(classes: int) -> Matrices | Factors:
    """The map for so many classes."""
    return Matrices(classes) if classes <= _MOST_CLASSES else Factors(classes)
