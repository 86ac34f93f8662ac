"""Turns a truth column into hard or not hard."""

import numpy as np
import pandas as pd

from difficulty.errors import UserError


def hard_examples(
    values: pd.Series, above: float | None = None, top: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Which examples a truth column calls hard.

    values: bool, or numeric with null where nothing is known. above: a numeric value over it is hard.
    top: the floor(top x known) largest values are hard, with all that equal the smallest of them.
    Returns (hard, known), both bool (N,); what is not known is to be left out of any comparison.
    Raises UserError if the column is neither, or needs a threshold and has none (or two).
    """
    known = values.notna().to_numpy()
    distinct = values[known].unique()
    thresholds = (above is not None) + (top is not None)
    if pd.api.types.is_bool_dtype(values.dtype) or all(isinstance(value, bool | np.bool_) for value in distinct):
        if thresholds:
            raise UserError(f"truth column {values.name}: is true or false; leave out `above` and `top`")
        return values.where(known, False).to_numpy(dtype=bool), known
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise UserError(f"truth column {values.name}: expected true/false or numbers, found {distinct[0]!r}")
    if thresholds != 1:
        raise UserError(f"truth column {values.name}: holds numbers; give either `above` or `top`")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if above is None:
        largest = np.sort(numbers[known])[::-1]
        count = int(np.floor(top * len(largest)))
        above = np.nextafter(largest[count - 1], -np.inf) if count else np.inf
    return np.where(known, numbers, -np.inf) > above, known
