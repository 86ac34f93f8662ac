"""The first rows of a list of suspects, as lines for the terminal. Only the standard library is used."""

import csv
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from difficulty.cell_marks import without_mark
from difficulty.datasets.path_names import printable


def first_suspects(path: Path, count: int) -> list[str]:
    """One line for each of the first rows of a suspects.csv; whatever further columns it has may be missing.

    rank, file, given label, suggested label with its share of the predictions, P(wrong), verdict.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(islice(csv.DictReader(file), count))
    rows = [{name: printable(without_mark(text or "")) for name, text in row.items()} for row in rows]
    names = [row["file"] or row["key"] for row in rows]
    width, digits = max(map(len, names), default=0), len(str(len(rows)))
    return [
        f"    {row['rank']:>{digits}}  {name:<{width}}  {_labels(row)}{_judged(row)}"
        for row, name in zip(rows, names, strict=True)
    ]


def _labels(row: Mapping[str, str]) -> str:
    if not (suggested := row["suggested_label"]):
        return f"labelled {row['given_label']}"
    share = f" ({float(row['suggested_share']):.0%} of predictions)" if row.get("suggested_share") else ""
    return f"labelled {row['given_label']}, perhaps {suggested}{share}"


def _judged(row: Mapping[str, str]) -> str:
    wrong = f"; P(wrong) {float(row['probability_wrong']):.2f}" if row.get("probability_wrong") else ""
    return wrong + (f"; {row['verdict']}" if row.get("verdict") else "")
