"""Wilson's interval of a share (JASA 22, 1927), which has a width at 0 and at 1, where a resampled one has none."""

import numpy as np
from scipy.special import ndtri

_CONFIDENCE = 0.95


def wilson_interval(
    rate: np.ndarray, examples: np.ndarray, confidence: float = _CONFIDENCE, quantile: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of Wilson's interval of a share observed in so many examples.

    rate: shares, 0..1. examples: numbers of examples, above 0; of the same shape.
    The rate need not be a whole number of examples: it may be a mean over runs, and the number an effective one.
    quantile: how many standard errors it reaches to either side; None: the normal quantile of the confidence.
    """
    z = ndtri((1 + confidence) / 2) if quantile is None else quantile
    center = rate + z**2 / (2 * examples)
    spread = z * np.sqrt(rate * (1 - rate) / examples + (z / (2 * examples)) ** 2)
    scale = 1 + z**2 / examples
    return np.clip((center - spread) / scale, 0, 1), np.clip((center + spread) / scale, 0, 1)


def effective_interval(
    rate: np.ndarray, variance: np.ndarray, examples: np.ndarray, confidence: float = _CONFIDENCE
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of shares whose variance is known, for the number of examples that would give that variance.

    rate, variance: of the same shape, the variance e.g. resampled (Korn & Graubard 1998, Survey Methodology 24, 193).
    examples: how many examples there are, which count where rate is 0 or 1, as no resample says anything there.
    """
    binomial = rate * (1 - rate)
    resampled = (binomial > 0) & (variance > 0)
    effective = np.divide(binomial, variance, where=resampled, out=np.array(examples, dtype=float))
    return wilson_interval(rate, effective, confidence)
