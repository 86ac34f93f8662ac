"""What the figures of the toy experiment of variance of gradients share: names, marks of the classes, captions."""

import pandas as pd
from matplotlib.lines import Line2D

from difficulty.figures.style.text import shortened

VARIANT_NAMES = {
    "vog": "VoG",
    "vog_normalized": "z-score within class",
    "vog_absolute": "|z-score|",
    "gradient": "mean |gradient|",
}
# Label -> marker, colour, name.
CLASSES = {0: ("o", "#CC79A7", "class 0 (one blob)"), 1: ("^", "#7F6A00", "class 1 (two blobs)")}
COLUMN, ROOM = 1.95, 0.6  # inches: of a stage, and next to all of them


def stage_name(facts: pd.Series) -> str:
    """`early, epochs 0–4`, from a row of VOG_TOY_SUMMARY."""
    return f"{shortened(facts['stage'], 14)}, epochs {facts['first_epoch']}–{facts['last_epoch']}"


def class_marker(label: int, color: str) -> Line2D:
    """A key of a legend."""
    marker, _, name = CLASSES[label]
    return Line2D([], [], color=color, marker=marker, linestyle="", markersize=4, label=name)
