"""Reliability of estimated probabilities, against scikit-learn."""

import numpy as np
from sklearn.calibration import calibration_curve

from difficulty.analysis.calibration import calibration_table
from difficulty.analysis.wilson import wilson_interval


def test_shares_are_those_of_scikit_learn():
    generator = np.random.default_rng(4)
    probability = generator.beta(0.5, 2, size=500)
    happened = generator.random(500) < probability**2
    table = calibration_table(np.append(probability, np.nan), np.append(happened, True))
    observed, predicted = calibration_curve(happened, probability, n_bins=10)
    np.testing.assert_allclose(table["observed"], observed)
    np.testing.assert_allclose(table["predicted"], predicted)
    assert table["examples"].sum() == 500
    first = wilson_interval(observed[:1], table["examples"].to_numpy()[:1])
    np.testing.assert_allclose(table.loc[0, ["low", "high"]].astype(float), np.ravel(first))
    certain = calibration_table(np.array([1.0, 0.0]), np.array([True, True]))
    assert certain["predicted"].tolist() == [0, 1] and certain["observed"].tolist() == [1, 1]
