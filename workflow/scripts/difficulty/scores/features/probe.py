"""A linear probe on given features: multinomial logistic regression, and what it says of images that it has not seen.

Its margin is the difference of two logits, which keeps its digits however sure the probe is.
"""

import logging

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

logger = logging.getLogger(__name__)
_MOST_ITERATIONS = 1000


def held_out_logits(
    vectors: np.ndarray, labels: np.ndarray, fold: np.ndarray, classes: int, strength: float
) -> np.ndarray:
    """Logits float64 (N, classes) of each row by a probe that was fitted on the rows of the other folds.

    vectors: (N, D); labels: (N,) from 0; fold: (N,) numbers of at least two folds. strength: see `probe_logits`.
    """
    logits = np.empty((len(vectors), classes))
    for number in np.unique(fold):
        held_out = fold == number
        fitted_on = vectors[~held_out]
        logits[held_out] = probe_logits(fitted_on, labels[~held_out], vectors[held_out], classes, strength)
    return logits


def probe_logits(
    vectors: np.ndarray, labels: np.ndarray, queries: np.ndarray, classes: int, strength: float
) -> np.ndarray:
    """Logits float64 (m, classes) of the queries (m, D) by a probe that is fitted on the rows (n, D) and their labels.

    Each feature is brought to mean 0 and deviation 1 over the rows it is fitted on. strength: inverse strength of the
    penalty, scikit-learn's `C`. A label that no row has gets -inf.
    """
    logits = np.full((len(queries), classes), -np.inf)
    known = np.unique(labels)
    if len(known) == 1:
        logits[:, known] = 0
        return logits
    scaler = StandardScaler()
    probe = LogisticRegression(C=strength, max_iter=_MOST_ITERATIONS).fit(scaler.fit_transform(vectors), labels)
    found = probe.decision_function(scaler.transform(queries))
    logger.info("probe fitted on %d images in %d iterations", len(vectors), probe.n_iter_.max())
    # Of two classes there is one logit, the second's less the first's.
    logits[:, known] = found if found.ndim == 2 else np.stack([np.zeros_like(found), found], axis=1)
    return logits


def log_probability_margin(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """log p_y - max of the others' log p, nats (N,); NaN where the label, or every other one, has no probability."""
    rows = np.arange(len(logits))
    others = logits.copy()
    others[rows, labels] = -np.inf
    ends = np.stack([logits[rows, labels], others.max(axis=1)])
    ends[:, ~np.isfinite(ends).all(axis=0)] = np.nan
    return ends[0] - ends[1]


def probabilities_of(logits: np.ndarray) -> np.ndarray:
    """Softmax float32 (N, classes), 0 for -inf."""
    return softmax(logits, axis=1).astype(np.float32)
