"""How every figure looks: fonts, colours (`palette`), line styles where lines cross, and the header."""

import textwrap
from collections.abc import Sequence
from itertools import cycle, islice
from math import ceil

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK, LINE_COLORS, PRISTINE, ROLE_COLORS, WARNING

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.linewidth": 0.6,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "text.parse_math": False,  # names of classes may hold dollar signs
    "pdf.fonttype": 42,
}

DASHED, DOTTED, DASH_DOTTED = (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1))
# Groups of a training history: colour and line style.
GROUP_STYLES = {
    "train": (ROLE_COLORS["train"], "-"),
    "train_sample": ("#56B4E9", DOTTED),
    "pristine": (PRISTINE, DASHED),
    "corrupt": (CORRUPT, DASH_DOTTED),
    "validation": (ROLE_COLORS["validation"], "-"),
    "test": (ROLE_COLORS["test"], "-"),
}
# Colour maps: quantities from none to much; signed quantities around zero.
SEQUENTIAL = "cividis"
DIVERGING = "PuOr_r"

_LINE_STYLES = ("-", DASHED, DOTTED, DASH_DOTTED)

_INCHES_PER_LINE = 0.155
_INCHES_PER_LEGEND_LINE = 0.23
_CHARACTERS_PER_INCH = 17.5


def styled():
    """The context (or decorator) in which figures are made and saved."""
    return matplotlib.rc_context(STYLE)


def roles_in(table: pd.DataFrame) -> list[str]:
    """The roles that a table has rows of: train, validation, test."""
    return [role for role in ROLE_COLORS if (table["role"] == role).any()]


def new_figure(
    width: float,
    height: float,
    title: str,
    notes: Sequence[str] = (),
    warnings: Sequence[str] = (),
    layout="constrained",
) -> tuple[Figure, float]:
    """A figure with a header: title, then notes in grey and warnings in red, each wrapped to the width.

    width, height: inches, the height without the header. Returns the figure and the share of its
    height that is left below the header; a constrained layout keeps to it by itself.
    """
    characters = int((width - 0.2) * _CHARACTERS_PER_INCH)
    lines = [(line, FAINT_INK, "normal") for note in notes for line in textwrap.wrap(note, characters)]
    lines += [
        (line, WARNING, "bold") for text in warnings for line in textwrap.wrap(f"⚠ {text}", int(characters * 0.88))
    ]
    titles = textwrap.wrap(title, int(characters * 0.66)) or [""]
    header = 0.1 + 0.19 * len(titles) + _INCHES_PER_LINE * len(lines)
    total = height + header
    figure = Figure(figsize=(width, total), layout=layout)
    if layout == "constrained":
        figure.get_layout_engine().set(rect=(0, 0, 1, height / total))
    left, top = 0.1 / width, 0.08
    for line in titles:
        figure.text(left, 1 - top / total, line, size=10, weight="bold", color=INK, va="top")
        top += 0.19
    for line, color, weight in lines:
        figure.text(left, 1 - top / total, line, size=7.5, weight=weight, color=color, va="top")
        top += _INCHES_PER_LINE
    return figure, height / total


def add_legend(figure: Figure, below: float, handles: Sequence, lines: int = 1) -> None:
    """A legend between the header and the plots, in `lines` lines of its own, where it hides no data.

    below: share of the figure below the header, from `new_figure`.
    """
    figure.get_layout_engine().set(rect=(0, 0, 1, below - lines * _INCHES_PER_LEGEND_LINE / figure.get_figheight()))
    columns = ceil(len(handles) / lines)
    style = {"handlelength": 2.2, "columnspacing": 1.2}
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, below), ncols=columns, **style)


def line_styles(count: int) -> list[tuple[str, object]]:
    """(colour, line style) for each of `count` lines; the first 32 are all different."""
    pairs = [(color, style) for style in _LINE_STYLES for color in LINE_COLORS]
    return list(islice(cycle(pairs), count))
