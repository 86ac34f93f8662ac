"""The folds of a linear probe on features, which hold every training image out once."""

import numpy as np

from difficulty.random_streams import derived_seed
from difficulty.training.folds import stratified_folds


def probe_folds(labels: np.ndarray, content: np.ndarray, folds: int, *drawn_for: int) -> np.ndarray:
    """The fold of each training image, int (N,): classes stratified, identical images together.

    labels: (N,); content: (N,), numbers that identical images share. folds: at most as many as there are different
    images. drawn_for: the seed of a run; without one the folds are always the same.
    """
    _, content = np.unique(content, return_inverse=True)
    _, classes = np.unique(labels, return_inverse=True)
    order = np.random.default_rng(derived_seed("probe folds", *drawn_for)).permutation(len(content))
    fold = np.empty(len(content), int)
    fold[order] = stratified_folds(classes[order], content[order], min(folds, int(content.max()) + 1))
    return fold
