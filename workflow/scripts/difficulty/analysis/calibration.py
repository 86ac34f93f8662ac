"""Are estimated probabilities right? The observed share among examples of like probability."""

import numpy as np
import pandas as pd

from difficulty.analysis.wilson import wilson_interval


def calibration_table(probability: np.ndarray, happened: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """A row for each of `bins` ranges of equal width that has examples: a reliability diagram's dots.

    probability: float (N,), NaN where it is not known (left out). happened: bool (N,).
    Columns: examples, predicted (their mean probability), observed (share of them for which it happened), low and high
    (95 % interval of that share, Wilson 1927).
    Source: DeGroot and Fienberg, "The comparison and evaluation of forecasters", The Statistician 32 (1983).
    """
    known = ~np.isnan(probability)
    probability, happened = probability[known], happened[known].astype(np.float64)
    place = np.minimum((probability * bins).astype(int), bins - 1)
    examples = np.bincount(place, minlength=bins)
    full = np.flatnonzero(examples)
    means = [
        np.bincount(place, weights=values, minlength=bins)[full] / examples[full] for values in (probability, happened)
    ]
    table = pd.DataFrame({"examples": examples[full], "predicted": means[0], "observed": means[1]})
    table["low"], table["high"] = wilson_interval(table["observed"].to_numpy(), table["examples"].to_numpy())
    return table
