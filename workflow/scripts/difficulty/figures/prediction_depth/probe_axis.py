"""The axis of probes that figures of prediction depth share: names, room for them, a place for what is undefined."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from difficulty.analysis.depth_levels import UNDEFINED
from difficulty.figures.style.appearance import DOTTED
from difficulty.figures.style.palette import FAINT_INK, ROLE_COLORS
from difficulty.figures.style.text import wrapped

_WIDEST, _MARGIN = 9.0, 0.7
_WIDE_STEP, _BESIDE_STEP, _SLANTED_STEP, _LEAST_STEP = 0.34, 0.15, 0.22, 0.1  # inches from probe to probe
LONGEST_NAME, _INCHES_PER_LETTER = 22, 0.066
LONGEST_PROBE = 18  # characters of a name next to small cells
NUMBER_STEP = 0.3  # inches from bar to bar that a number above each needs, unless it is turned
_APART = 0.6  # how much further than a probe the undefined depths lie from the last one


def probe_name(name: str, longest: int = LONGEST_NAME) -> str:
    """The name of a probe, cut at its beginning: names of modules tell them apart at their end."""
    return name if len(name) <= longest else "…" + name[1 - longest :]


def panel_grid(panels: int, probes: int) -> tuple[int, int, float]:
    """(rows, columns, width of each in inches) of panels with an axis of probes: next to each other if labels fit."""
    if (_WIDEST / panels - _MARGIN) / (probes + 1) >= _BESIDE_STEP:
        return 1, panels, panel_width(_WIDEST / panels, probes, 3.0 if panels > 1 else 5.2)
    return panels, 1, panel_width(_WIDEST, probes, 5.2)


def panel_width(most: float, probes: int, least: float) -> float:
    """Inches of a panel with an axis of probes: what they need, but at least `least` and at most `most`."""
    return min(max(_WIDE_STEP * (probes + 1) + _MARGIN, least), most)


def step_between(probes: int, width: float) -> float:
    """Inches from probe to probe in a panel of `width` inches."""
    return (width - _MARGIN) / (probes + 1)


def label_height(names: Sequence[str], width: float) -> float:
    """Inches below a panel of `width` inches for the names of the probes and the label of their axis."""
    longest = max(len(probe_name(name)) for name in (*names, UNDEFINED))
    upright = step_between(len(names), width) < _SLANTED_STEP
    return 0.3 + longest * (0.052 if upright else 0.046)


def undefined_place(names: Sequence[str]) -> float:
    """Where on an axis of probes undefined depths are drawn: apart, after the last."""
    return len(names) + _APART


def probe_axis(axes: Axes, names: Sequence[str], width: float, label: str, undefined: bool = False) -> None:
    """Probes by name from left to right, only every second or third name where they would overlap.

    width: of the panel, inches. undefined: with a place for undefined depths, set apart at the right.
    """
    last = len(names) - 1
    step = step_between(len(names), width)
    every = int(np.ceil(_LEAST_STEP / step))
    places = [*range(0, last - every + 1, every), last]
    ticks = {place: probe_name(names[place]) for place in places}
    if undefined:
        ticks[undefined_place(names)] = UNDEFINED
        set_apart(axes, names)
    upright = step < _SLANTED_STEP
    axes.set_xlim(-0.6, max(ticks) + 0.6)
    axes.set_xticks(list(ticks), list(ticks.values()), rotation_mode="anchor", ha="right", va="center")
    axes.tick_params(axis="x", labelrotation=90 if upright else 45, labelsize=6 if upright else 7.5, pad=2)
    axes.grid(False, axis="x")
    axes.set_xlabel(label)


def panel_title(axes: Axes, role: str, text: str, width: float) -> None:
    """Says above a panel of `width` inches of which role its examples are, and `text`."""
    characters = int((width - 0.4) / _INCHES_PER_LETTER)
    axes.set_title(wrapped(f"{role}: {text}", characters), color=ROLE_COLORS[role])


def say_none(axes: Axes, text: str) -> None:
    """Says why a panel is empty, which keeps the axes that it shares with others."""
    axes.text(0.5, 0.5, wrapped(text, 30, 3), ha="center", va="center", color=FAINT_INK, transform=axes.transAxes)
    axes.grid(False)


def set_apart(axes: Axes, names: Sequence[str]) -> None:
    """A thin line between the probes and what is undefined."""
    place = (len(names) - 1 + undefined_place(names)) / 2
    axes.axvline(place, color="#cccccc", linewidth=0.7, linestyle=DOTTED, zorder=0)
