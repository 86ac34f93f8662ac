"""What the table of estimated label errors says of an experiment, as lines for the terminal."""

from pathlib import Path

import pandas as pd

from difficulty.tables import read_foreign


def label_error_lines(path: Path) -> list[str]:
    """How many labels are wrong, by the table's one row, and whether its numbers can be trusted; nothing without it."""
    if not path.exists():
        return []
    row = read_foreign(path).to_pylist()[0]
    lines = [_estimate(row)] if not pd.isna(row.get("estimated_wrong")) else []
    reason = row.get("reason") or ""
    if row.get("trustworthy"):
        return lines
    return ["This list cannot be trusted" + f": {reason}" * bool(reason) + " (docs/analyses/label_errors.md)"]


def _estimate(row: dict) -> str:
    if row.get("cut") == 0 and row["estimated_wrong"] < 0.5:
        upper = "" if pd.isna(row.get("high")) else f"; up to {row['high']:,.0f} may be wrong all the same"
        return f"Nothing shows that any of {row['examples']:,} labels is wrong{upper}. Look at the first few."
    text = f"About {row['estimated_wrong']:,.0f}"
    if not pd.isna(row.get("low")) and not pd.isna(row.get("high")):
        text += f" ({row['low']:,.0f} to {row['high']:,.0f})"
    text += f" of {row['examples']:,} labels are wrong" if row.get("examples") else " labels are wrong"
    if pd.isna(row.get("cut")):
        return f"{text}."
    expected = [
        f"{row[f'expected_{name}']:.0%} {meaning}"
        for name, meaning in (("precision", "of these to be wrong"), ("recall", "of all wrong labels to be among them"))
        if not pd.isna(row.get(f"expected_{name}"))
    ]
    if row["cut"] == 0:
        return f"{text}; of none is that likely."
    text += f"; check the first {row['cut']:,.0f}"
    return f"{text} (expected: {', '.join(expected)})." if expected else f"{text}."
