"""Whether the nearest neighbours of an example share its label.

Bahri, Jiang, Gupta, "Deep k-NN for noisy labels", ICML 2020, arXiv 2004.12289; Zhu, Dong, Liu, "Detecting corrupted
labels without training a model to predict", ICML 2022, arXiv 2110.06283. The weights of the votes are ours.
"""

import numpy as np


def label_disagreement(neighbor_labels: np.ndarray, distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The share of the neighbours' votes that are for another label than the given one.

    neighbor_labels: (N, k) labels of the k nearest neighbours of N examples, without the example itself and what is
        identical with it. distances: (N, k), not negative. labels: (N,) given labels.
    A neighbour at distance d has the weight exp(-d / m), where m is the median of all distances; if that is zero, only
    the neighbours at the smallest distance of an example vote.
    Returns float64 (N,), 0 where all neighbours have the label and 1 where none has. Raises ValueError for other shapes
    and for distances that are negative or no numbers.
    """
    neighbor_labels, labels = np.asarray(neighbor_labels), np.asarray(labels)
    distances = np.asarray(distances, np.float64)
    if distances.ndim != 2 or not distances.shape[1] or neighbor_labels.shape != distances.shape:
        raise ValueError(f"neighbor_labels and distances are (N, k), not {neighbor_labels.shape}, {distances.shape}")
    if labels.shape != distances.shape[:1]:
        raise ValueError(f"labels is (N,) of {len(distances)} examples, not {labels.shape}")
    if not (distances >= 0).all():
        raise ValueError("distances: expected numbers that are not negative")
    weights = _weights(distances)
    return (weights * (neighbor_labels != labels[:, None])).sum(axis=1) / weights.sum(axis=1)


def _weights(distances: np.ndarray) -> np.ndarray:
    """Proportional to exp(-d / median) in each row, and 1 for the nearest neighbour, so that no row vanishes."""
    beyond = distances - distances.min(axis=1, keepdims=True)
    scale = np.median(distances)
    return np.exp(-beyond / scale) if scale > 0 else (beyond == 0).astype(np.float64)
