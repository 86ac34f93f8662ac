"""Is VoG higher where a label was planted wrong? The Mann-Whitney test of every stage."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.tables import Column, Schema

VOG_LABEL_NOISE = Schema(
    "vog_label_noise",
    {
        "score": Column(
            pa.string(), "VoG of a stage, mean over runs, normalised within class or (_raw) not; a baseline"
        ),
        "corrupt": Column(pa.int64(), "examples with a label planted wrong and a defined score"),
        "pristine": Column(pa.int64(), "the other examples with a defined score"),
        "median_corrupt": Column(pa.float64(), "median score of the corrupt examples"),
        "median_pristine": Column(pa.float64(), "median score of the others"),
        "u": Column(pa.float64(), "Mann-Whitney U: pairs in which the corrupt one is higher, ties counting half"),
        "auroc": Column(pa.float64(), "U over the number of pairs: the probability that a corrupt one is higher"),
        "p_value": Column(pa.float64(), "two-sided p value of the Mann-Whitney U test"),
    },
    key=("score",),
)


def label_noise_tests(scores: Mapping[str, np.ndarray], is_corrupt: np.ndarray) -> pd.DataFrame:
    """One row of VOG_LABEL_NOISE per score; none for a score that is defined on examples of one kind only.

    scores: name -> (N,), NaN where undefined (left out). is_corrupt: bool (N,).
    """
    from scipy.stats import mannwhitneyu  # here, since it takes a second, and most experiments have no wrong labels

    rows = []
    for name, values in scores.items():
        defined = ~np.isnan(values)
        corrupt, pristine = values[defined & is_corrupt], values[defined & ~is_corrupt]
        if not len(corrupt) or not len(pristine):
            continue
        test = mannwhitneyu(corrupt, pristine, alternative="two-sided")
        rows.append(
            {
                "score": name,
                "corrupt": len(corrupt),
                "pristine": len(pristine),
                "median_corrupt": np.median(corrupt),
                "median_pristine": np.median(pristine),
                "u": test.statistic,
                "auroc": test.statistic / (len(corrupt) * len(pristine)),
                "p_value": test.pvalue,
            }
        )
    return pd.DataFrame(rows, columns=list(VOG_LABEL_NOISE.columns))
