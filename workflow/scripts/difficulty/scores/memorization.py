"""What training on an example changes for it, over runs that were and that were not trained on it.

Memorization: Feldman and Zhang, "What neural networks memorize and why", NeurIPS 2020, arXiv 2008.03703. Consistency
(the C-score): Jiang et al., "Characterizing structural regularities of labeled data", ICML 2021, arXiv 2002.03206.
Reducible loss: Mindermann et al., "Prioritized training on points that are learnable, worth learning, and not yet
learnt", ICML 2022, arXiv 2206.07137.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores import memorization_catalogue
from difficulty.tables import Column

MEMORIZATION: Mapping[str, Column] = {
    name: Column(pa.float32(), entry.description, entry.nullable, entry.direction)
    for name, entry in memorization_catalogue.MEMORIZATION.items()
}


def memorization(correct: np.ndarray, trained_on: np.ndarray) -> pd.DataFrame:
    """How much more often the networks that were trained on an example are right about it than the others.

    correct: (K, N), whether each of K runs is right about each of N examples at its end, or the probability that it
        gives the label, which is the soft version; NaN where a run knows nothing of an example.
    trained_on: bool (K, N), whether the example was among the training examples of the run.
    Returns N rows, float64: `consistency`, the mean of `correct` over the runs that held the example out, and
    `memorization`, the mean over the runs trained on it minus that; NaN where there is no such run.
    Raises ValueError unless both have the same two axes and `trained_on` is boolean.
    """
    correct, trained_on = np.asarray(correct, np.float64), np.asarray(trained_on)
    if correct.ndim != 2 or trained_on.shape != correct.shape or trained_on.dtype != bool:
        given = f"{correct.shape} and {trained_on.dtype} {trained_on.shape}"
        raise ValueError(f"correct is (K, N) and trained_on bool (K, N), not {given}")
    known = ~np.isnan(correct)
    inside, outside = (_mean(correct, known & side) for side in (trained_on, ~trained_on))
    return pd.DataFrame({"memorization": inside - outside, "consistency": outside})


def memorization_scores(ends: Mapping[str, np.ndarray], trained_on: np.ndarray) -> pd.DataFrame:
    """The columns of MEMORIZATION of N examples, from what K runs make of them at their end.

    ends: correct, probability (of the given label) and loss (nats), each (K, N). trained_on: bool (K, N).
    """
    hard = memorization(ends["correct"], trained_on)
    gaps = {name: memorization(ends[name], trained_on)["memorization"] for name in ("probability", "loss")}
    scores = hard.assign(memorization_soft=gaps["probability"], reducible_loss=gaps["loss"])
    return scores[list(MEMORIZATION)]


def _mean(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Means of the chosen entries of each column, NaN where none is."""
    count = chosen.sum(axis=0)
    total = np.where(chosen, values, 0).sum(axis=0)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
