"""Which statistics are computed of data sets whose images have very many pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from difficulty.scores.images.catalogue import SLOW
from difficulty.tables import Column


def affordable(wanted: Sequence[str], pixels: int, fast_above: int | None) -> tuple[list[str], str | None]:
    """(those of the wanted statistics that are computed, what the user should know of the others).

    pixels: of all images together. fast_above: millions of pixels above which slow ones are left out; None: never.
    """
    slow = [name for name in wanted if name in SLOW]
    if fast_above is None or pixels <= fast_above * 10**6 or not slow:
        return [*wanted], None
    remark = (
        f"{', '.join(slow)} are left empty: they take long, and the images have {pixels / 10**6:,.0f} million pixels; "
        f"set analyses.images.fast_above: null to have them (it is {fast_above:,}), or size, to shrink the images"
    )
    return [name for name in wanted if name not in SLOW], remark


def without_values(columns: Mapping[str, Column], computed: Sequence[str]) -> dict[str, Column]:
    """The columns of statistics, of which those that are not computed are null."""
    return {name: each if name in computed else replace(each, nullable=True) for name, each in columns.items()}
