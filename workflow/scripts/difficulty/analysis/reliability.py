"""How reliable the mean of a score over seeds is, how many seeds it takes, and correlations corrected for that.

Spearman, "The proof and measurement of association between two things", American Journal of Psychology 15 (1904);
Spearman, "Correlation calculated from faulty data", and Brown, "Some experimental results in the correlation of mental
abilities", both British Journal of Psychology 3 (1910).
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from difficulty.analysis.pairwise import over_common_rows

_ENOUGH = 0.9
_ROUNDING = 1e-9  # number of seeds by which rounding must not add one more


def spearman_brown(correlation: float, factor: float) -> float:
    """Reliability of a mean over `factor` times as many seeds, if means over some correlate by `correlation`.

    NaN for a negative correlation, of which the formula makes no reliability.
    """
    if not correlation >= 0:
        return np.nan
    return factor * correlation / (1 + (factor - 1) * correlation)


def seeds_for(correlation: float, seeds: int, reliability: float = _ENOUGH) -> float:
    """The least number of seeds whose mean has the reliability, if means over `seeds` correlate by `correlation`.

    NaN where no number reaches it, as the correlation is not positive.
    """
    if not correlation > 0:
        return np.nan
    factor = reliability * (1 - correlation) / ((1 - reliability) * correlation)
    return max(np.ceil(factor * seeds - _ROUNDING), 1.0)


def corrected_correlations(values: np.ndarray, spearman: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Correlations of S scores as they would be between means over endlessly many seeds.

    values: (K, N, S), each score of N examples under K seeds; NaN where undefined.
    spearman: from (n, s) without NaN to the (s, s) rank correlations of the columns.
    Each is the mean correlation of the one score under one seed with the other under another seed, divided by the
    square root of the product of the same of the two scores with themselves (Spearman 1904). Two scores of one run
    share its noise: their correlation, divided by this, would be too high.
    Returns (S, S), by chance at times above 1; NaN where a score does not correlate with itself, or K is 1.
    """
    scores = values.shape[2]
    if len(values) < 2:
        return np.full((scores, scores), np.nan)
    across = []
    for one, other in combinations(values, 2):
        (matrix,), _ = over_common_rows(np.concatenate([one, other], axis=1), lambda columns: spearman(columns)[None])
        across.append((matrix[:scores, scores:] + matrix[scores:, :scores]) / 2)
    mean = np.mean(across, axis=0)
    own = np.where(np.diag(mean) > 0, np.diag(mean), np.nan)
    return mean / np.sqrt(np.outer(own, own))
