"""How far the ways to compute influence agree: a scatter of every two, with their rank correlation and slope."""

from argparse import Namespace
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.influence_agreement import INFLUENCE_AGREEMENT, INFLUENCE_SAMPLE, SELF
from difficulty.figures.influence.numbers import correlation_text, number_text, range_text
from difficulty.figures.influence.scales import InfluenceScale
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DIVERGING, DOTTED, new_figure, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS, STRIPE
from difficulty.figures.style.text import counted, shortened
from difficulty.tables import read_provenance, read_table

INPUTS = {"agreement": ONE, "sample": ONE}

_POINTS = ROLE_COLORS["train"]
_FITTED = {"color": INK, "linewidth": 1.1, "linestyle": "-"}
_EQUAL = {"color": "#9a9a9a", "linewidth": 1.0, "linestyle": DOTTED}
_LONGEST_NAME = 24
_EM = 0.7  # width of a bold character, in font sizes
_BINS = 24

# Inches.
_MATRIX, _SMALLEST, _LARGEST, _NARROWEST = 7.4, 1.0, 1.5, 6.2
_GAP, _LEFT, _RIGHT, _ABOVE, _BELOW, _LEGEND = 0.07, 0.74, 0.1, 0.34, 0.44, 0.25


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads how far the ways to compute influence agree, and a sample of what they compute."""
    agreement = read_table(inputs.agreement, INFLUENCE_AGREEMENT)
    sample = read_table(inputs.sample, INFLUENCE_SAMPLE)
    run = read_provenance(inputs.agreement).get("run", "")
    title = f"{inputs.agreement.parent.name}: how far do approximations of influence agree?"
    return influence_agreement_figure(agreement, sample, title, run)


@dataclass(frozen=True)
class _Block:
    """A matrix of square cells, `side` inches wide, that begins `top` inches below the header of its figure."""

    figure: Figure
    below: float
    top: float
    side: float

    def axes(self, row: int, column: int) -> Axes:
        """An empty cell."""
        width, height = self.figure.get_size_inches()
        inner = self.side - _GAP
        left = (_LEFT + column * self.side) / width
        bottom = self.below - (self.top + _ABOVE + row * self.side + inner) / height
        axes = self.figure.add_axes((left, bottom, inner / width, inner / height))
        axes.grid(False)
        axes.tick_params(length=2, pad=2, labelsize=6.5)
        return axes

    def head(self, text: str) -> None:
        """Its heading."""
        width, height = self.figure.get_size_inches()
        place = 0.1 / width, self.below - (self.top + _ABOVE / 2) / height
        self.figure.text(*place, text, size=8.5, weight="bold", color=INK, va="center")


@styled()
def influence_agreement_figure(agreement: pd.DataFrame, sample: pd.DataFrame, title: str, run: str = "") -> Figure:
    """A matrix for self-influence and one for each set of queries: scatters below the diagonal, numbers above it.

    agreement, sample: columns of INFLUENCE_AGREEMENT and INFLUENCE_SAMPLE, of one run, whose name is `run`.
    """
    parts = {name: rows for name, rows in agreement.groupby("compared", sort=False) if len(rows)}
    if not parts:
        return empty_figure(title, "influence was computed in one way only: nothing to compare", width=_NARROWEST)
    variants = {name: list(dict.fromkeys([*rows["reference"], *rows["other"]])) for name, rows in parts.items()}
    most = max(map(len, variants.values()))
    side = float(np.clip(_MATRIX / most, _SMALLEST, _LARGEST))
    heights = {name: _ABOVE + len(variants[name]) * side + _BELOW for name in parts}
    width = max(_LEFT + most * side + _RIGHT, _NARROWEST)
    figure, below = new_figure(width, _LEGEND + sum(heights.values()), title, _notes(parts, sample, run), layout=None)
    figure.legend(handles=_legend(), loc="upper left", bbox_to_anchor=(0, below), ncols=3, handlelength=2.2)
    top = _LEGEND
    for name, rows in parts.items():
        block = _Block(figure, below, top, side)
        block.head(_heading(name, rows))
        own = sample[sample["compared"] == name]
        points = {each: own.loc[own["variant"] == each, "influence"].to_numpy(float) for each in variants[name]}
        _draw_matrix(block, rows, points, name)
        top += heights[name]
    return figure


def _draw_matrix(block: _Block, rows: pd.DataFrame, points: Mapping[str, np.ndarray], name: str) -> None:
    """Scatters, distributions and numbers. points: variant -> influences, of the same pairs for all variants."""
    signed = name != SELF
    scales = {variant: InfluenceScale.of(values, signed) for variant, values in points.items()}
    found = rows.groupby(["reference", "other"])[["spearman", "slope", "intercept"]].quantile([0.1, 0.5, 0.9])
    last, size = len(points) - 1, _name_size(points, block.side - _GAP)
    for column, x in enumerate(points):
        axes = block.axes(column, column)
        _draw_distribution(axes, points[x], scales[x], labels=column == last)
        style = {"size": size, "weight": "bold", "ha": "center", "va": "top"}
        axes.text(0.5, 0.96, shortened(x, _LONGEST_NAME), transform=axes.transAxes, **style)
        for row, y in list(enumerate(points))[column + 1 :]:
            axes = block.axes(row, column)
            scales[x].set(axes.xaxis, labels=row == last)
            scales[y].set(axes.yaxis, labels=column == 0)
            axes.set_xlabel(shortened(x, _LONGEST_NAME) if row == last else "", size=size, labelpad=2)
            axes.set_ylabel(shortened(y, _LONGEST_NAME) if column == 0 else "", size=size, labelpad=2)
            line = found.loc[(x, y, 0.5)]
            _draw_pair(axes, points[x], points[y], scales[x], line, f"{name} {x} {y}")
            _write_numbers(block.axes(column, row), found.loc[(x, y)], signed)


def _draw_pair(axes: Axes, x: np.ndarray, y: np.ndarray, scale: InfluenceScale, line: pd.Series, gid: str) -> None:
    shown = np.isfinite(x) & np.isfinite(y) & (scale.signed | ((x > 0) & (y > 0)))
    if not shown.any():
        style = {"size": 6.5, "color": FAINT_INK, "ha": "center", "va": "center", "transform": axes.transAxes}
        axes.text(0.5, 0.5, "no number" if scale.signed else "none above 0", **style)
        return
    style = {"s": 3.5, "linewidths": 0, "alpha": 0.4, "rasterized": True}
    axes.scatter(x[shown], y[shown], color=_POINTS, gid=f"points {gid}", zorder=2, **style)
    along = scale.spread(200)
    axes.plot(along, along, gid=f"equal {gid}", zorder=4, **_EQUAL)
    fitted = line["intercept"] + line["slope"] * along
    axes.plot(along, np.where(scale.signed | (fitted > 0), fitted, np.nan), gid=f"fitted {gid}", zorder=3, **_FITTED)


def _draw_distribution(axes: Axes, values: np.ndarray, scale: InfluenceScale, labels: bool) -> None:
    scale.set(axes.xaxis, labels)
    style = {"histtype": "stepfilled", "color": _POINTS, "alpha": 0.35, "linewidth": 0}
    counts, _, _ = axes.hist(values[np.isfinite(values)], scale.spread(_BINS + 1), **style)
    axes.set(ylim=(0, max(counts.max(), 1) * 1.75), yticks=[])
    axes.spines["left"].set_visible(False)


def _name_size(names: Iterable[str], inches: float) -> float:
    """Font size at which each of the variants' names fits into a cell."""
    return min(7.0, 72 * inches / (_EM * min(max(map(len, names)), _LONGEST_NAME)))


def _write_numbers(axes: Axes, found: pd.DataFrame, with_range: bool) -> None:
    """found: 0.1, 0.5, 0.9 quantile x spearman, slope."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    spearman, slope = found["spearman"], found["slope"]
    style = {"ha": "center", "va": "center", "transform": axes.transAxes}
    if np.isnan(spearman[0.5]):
        axes.set_facecolor(STRIPE)
        axes.text(0.5, 0.5, "not defined", size=6.5, color=FAINT_INK, **style)
        return
    axes.set_facecolor(_tint(spearman[0.5]))
    high, low = (0.78, 0.37) if with_range else (0.64, 0.34)
    axes.text(0.5, high, correlation_text(spearman[0.5]), size=10, weight="bold", **style)
    axes.text(0.5, low, f"slope {number_text(slope[0.5])}", size=7, **style)
    if with_range:
        ends = spearman[[0.1, 0.9]]
        axes.text(0.5, high - 0.18, " to ".join(map(correlation_text, ends)), size=6, **style)
        axes.text(0.5, low - 0.16, range_text(*slope[[0.1, 0.9]]), size=6, **style)


def _tint(correlation: float) -> np.ndarray:
    """White for 0; the more orange the nearer to 1, the more purple the nearer to -1."""
    pole = np.array(to_rgb(colormaps[DIVERGING](0.75 if correlation > 0 else 0.25)))
    return 1 - abs(correlation) * (1 - pole)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=_POINTS, marker="o", ls="", markersize=3, label="influence by two variants"),
        Line2D([], [], label="least-squares line", **_FITTED),
        Line2D([], [], label="equal influence", **_EQUAL),
    ]


def _heading(name: str, rows: pd.DataFrame) -> str:
    examples = int(rows["examples"].iloc[0])
    if name == SELF:
        return f"Self-influence: {counted(examples, 'example')}"
    queries = rows["query_id"].nunique()
    of = "queries" if queries != 1 else "query"
    return f"Influence on {name}: {queries:,} {of} × {counted(examples, 'training example')}"


def _notes(parts: Mapping[str, pd.DataFrame], sample: pd.DataFrame, run: str) -> list[str]:
    text = f"Run {run}. " if run else ""
    text += (
        "Below the diagonal: influence by two variants of at most 2,000 examples (or pairs of query and example), "
        "drawn at random; on the diagonal its distribution. Above, in the mirrored cell: Spearman's rank correlation "
        "(bold) and slope of the least-squares line, both of all examples. "
    )
    if SELF in parts:
        text += "Self-influence is on logarithmic axes, where a line with an intercept bends. "
    if set(parts) - {SELF}:
        text += (
            "Influence on queries, which has a sign, is on axes that are linear around 0 and logarithmic farther out; "
            "numbers and line are medians over the queries, with the 10 % and 90 % quantiles. "
        )
    undefined = sum(int(rows["spearman"].isna().sum()) for rows in parts.values())
    if undefined:
        of = sum(map(len, parts.values()))
        text += f"Not defined, as influence is constant or not finite: {undefined:,} of {of:,} correlations. "
    own = sample[sample["compared"] == SELF]
    zeros = own.loc[~(own["influence"] > 0), "example_id"].nunique() if SELF in parts else 0
    if zeros:
        text += f"Left out of panels with a logarithmic axis on which they are 0: {counted(zeros, 'example')}."
    return [text.rstrip()]
