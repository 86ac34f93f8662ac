"""Ticks of axes, and what stands in place of a plot that has nothing to show."""

import textwrap

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from difficulty.figures.style.appearance import new_figure
from difficulty.figures.style.palette import FAINT_INK

_FEWEST_WITHOUT_MARKERS = 30


def integer_ticks(axis, most: int = 8) -> None:
    """Ticks at whole numbers only: for epochs, steps and counts."""
    axis.set_major_locator(MaxNLocator(most, integer=True, min_n_ticks=1))


def percent_ticks(axis) -> None:
    """Shares shown as percentages."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))


def plain_ticks(axis) -> None:
    """Numbers as 0.01 rather than 10^-2, also on logarithmic axes (mathematical text is slow to set)."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def epoch_marker(epochs: int) -> str | None:
    """The marker of a line over so many epochs; none where markers would run into each other."""
    return "o" if epochs < _FEWEST_WITHOUT_MARKERS else None


def say_empty(axes, text: str) -> None:
    """Says in place of a plot why there is none."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, textwrap.fill(text, 50), ha="center", va="center", color=FAINT_INK, transform=axes.transAxes)


def empty_figure(title: str, text: str, width: float = 6) -> Figure:
    """A figure, `width` inches wide, that says why there is nothing to draw."""
    figure, _ = new_figure(width, 1.2, title)
    say_empty(figure.add_subplot(), text)
    return figure
