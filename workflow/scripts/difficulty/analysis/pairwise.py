"""What is computed of every two columns of a table, each pair over the rows where both are defined."""

from collections.abc import Callable
from itertools import combinations

import numpy as np


def over_common_rows(values: np.ndarray, computed: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Matrices over all pairs of columns, and the number of rows where both of a pair are defined, int (S, S).

    values: (N, S), NaN where undefined. computed: from (n, s) without NaN to (L, s, s). Returns (L, S, S) first.
    Columns that are defined in the same rows go together, so it is called once where all are, and once more for every
    two groups of columns where not.
    """
    defined = ~np.isnan(values)
    groups: dict[bytes, list[int]] = {}
    for column, rows in enumerate(defined.T):
        groups.setdefault(rows.tobytes(), []).append(column)
    matrices, counts = None, np.zeros((values.shape[1],) * 2, np.int64)
    # Each group by itself comes last: its own pairs have more rows than those it has in common with another.
    for pair in [*combinations(groups.values(), 2), *((group,) for group in groups.values())]:
        columns = [column for group in pair for column in group]
        common = values[defined[:, [group[0] for group in pair]].all(axis=1)][:, columns]
        found, place = computed(common), np.ix_(columns, columns)
        if matrices is None:
            matrices = np.full((len(found), *counts.shape), np.nan)
        matrices[:, *place], counts[place] = found, len(common)
    return matrices, counts
