"""When an example is forgotten by a network that goes on with other examples.

Maini et al., "Characterizing datapoints via second-split forgetting", NeurIPS 2022, arXiv 2210.15031: a network that
fits one half of the examples is trained on the other half. What was labelled wrongly is forgotten at once, what is rare
later, and what is typical never.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from difficulty.scores.dynamics.run_length import run_length
from difficulty.tables import Column


def second_split_columns(epochs: int) -> Mapping[str, Column]:
    """The score's column, of a second half of `epochs` epochs: an example that is never forgotten ranks after all."""
    description = (
        "first epoch on the other half of the examples from which on every prediction is wrong, 0 if it is wrong from "
        "the end of its own half on; undefined if it is not forgotten (Maini et al. 2022)"
    )
    return {"second_split_forgetting": Column(pa.float32(), description, True, -1, null_ranks_as=epochs + 1)}


def second_split_forgetting(correct: np.ndarray) -> np.ndarray:
    """First epoch of the second half from which on an example is wrong in every epoch, float64 (N,).

    correct: bool (T + 1, N), whether the network is right about each example of the first half; row 0 is at the end of
        the first half, row t after epoch t of the second.
    Returns values from 0 to T, and NaN for an example that is right at the end: it is never forgotten. 0 is an example
    that the network did not fit, or no longer, and never gets right later. The authors' code has no row 0 and counts
    such an example as forgotten in epoch 1; where all examples are fitted, as in the paper, both are the same.
    """
    forgotten = run_length(~correct)
    return np.where(forgotten < len(correct), forgotten, np.nan)
