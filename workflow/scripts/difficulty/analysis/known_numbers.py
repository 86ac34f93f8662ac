"""Numbers known about images, whatever is trained on them: their statistics and numeric truth columns."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from difficulty.analysis.truth_correlation import numeric_columns
from difficulty.datasets.example_tables import EXAMPLES


def known_numbers(examples: pd.DataFrame, statistics: Iterable[pd.DataFrame] = ()) -> pd.DataFrame:
    """Statistics of each image, then the truth columns of its data set that are numbers; true counts as 1, false as 0.

    examples: N rows of EXAMPLES with truth columns. statistics: EXAMPLE_SCORES tables of these examples.
    Returns float64 (N, S) with example_id as index, in the order of `examples`; NaN where unknown.
    """
    examples = examples.set_index("example_id")
    tables = [table.set_index("example_id").reindex(examples.index) for table in statistics]
    truths = [name for name in examples.columns if name not in EXAMPLES.columns]
    found = [numeric_columns(table, list(table)) for table in tables] + [numeric_columns(examples, truths)]
    return pd.concat(found, axis=1).astype(np.float64)
