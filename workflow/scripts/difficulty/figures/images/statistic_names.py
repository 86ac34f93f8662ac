"""What statistics of images are called next to an axis, and their units."""

import pandas as pd

from difficulty.figures.style.text import abbreviated

LONGEST = 26
# As in difficulty/scores/images/statistics.py; luma runs from 0 to 1. Of other columns the unit is not known.
UNITS = {
    "local_entropy": "bits",
    "local_entropy_u8": "bits",
    "dct_coefficients": "% of pixels",
    "dct_coefficients_ac": "% of pixels",
    "segments": "number",
    "edge_strength": "luma, summed",
    "edge_strength_per_pixel": "luma",
    "brightness": "luma",
    "contrast": "luma",
    "sharpness": "luma squared",
}


def short_name(statistic: str) -> str:
    """The name, cut where it is long."""
    return abbreviated(statistic, LONGEST)


def name_and_unit(statistic: str) -> str:
    """The name, and on a line of its own the unit, where it is known."""
    return f"{short_name(statistic)}\n({UNITS[statistic]})" if statistic in UNITS else short_name(statistic)


def drawn_once(table: pd.DataFrame) -> str:
    """`local_entropy_u8 = local_entropy, ...`, of what a table names in `also`. table: statistic, also."""
    rows = table[["statistic", "also"]].dropna().drop_duplicates("statistic")
    return ", ".join(f"{other} = {row.statistic}" for row in rows.itertuples() for other in row.also.split())
