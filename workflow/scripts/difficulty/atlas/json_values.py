"""Rows of tables as JSON has them."""

import math

import numpy as np
import pandas as pd


def as_records(table: pd.DataFrame) -> list[dict]:
    """The rows as dictionaries of plain values; what is missing or not finite is None."""
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def as_record(table: pd.DataFrame) -> dict:
    """The only row."""
    (row,) = as_records(table)
    return row


def _plain(value):
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
