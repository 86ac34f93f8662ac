"""Dynamic uncertainty and DUAL, against rolling windows of pandas and closed forms."""

import numpy as np
import pandas as pd
import pytest

from difficulty.scores.uncertainty_dynamics import dual, dynamic_uncertainty


@pytest.mark.parametrize("epochs, window", [(30, 10), (12, 2), (10, 10)])
def test_as_rolling_windows_of_pandas(epochs, window):
    probability = np.random.default_rng(epochs).random((epochs, 7))
    rolling = pd.DataFrame(probability).rolling(window)
    deviation, mean = rolling.std().dropna(), rolling.mean().dropna()
    np.testing.assert_allclose(dynamic_uncertainty(probability, window), deviation.mean(), rtol=1e-12)
    np.testing.assert_allclose(dual(probability, window), (deviation * (1 - mean)).mean(), rtol=1e-12)


def test_closed_forms():
    """Alternating between 0 and 1, half of ten are 1: the deviation is sqrt(10 / 36) and the mean a half."""
    alternating, constant = np.tile([0.0, 1.0], 10), np.full(20, 0.7)
    probability = np.stack([alternating, constant], axis=1).astype(np.float32)
    np.testing.assert_allclose(dynamic_uncertainty(probability), [np.sqrt(10 / 36), 0], atol=1e-7)
    np.testing.assert_allclose(dual(probability), [np.sqrt(10 / 36) / 2, 0], atol=1e-7)


@pytest.mark.parametrize("function", [dynamic_uncertainty, dual])
def test_windows_that_do_not_fit_are_refused(function):
    with pytest.raises(ValueError, match=r"expected 2\.\.9 \(the epochs\), got 10"):
        function(np.zeros((9, 3)))
    with pytest.raises(ValueError, match="got 1"):
        function(np.zeros((9, 3)), window=1)
    with pytest.raises(ValueError, match="epochs, examples"):
        function(np.zeros(9))
