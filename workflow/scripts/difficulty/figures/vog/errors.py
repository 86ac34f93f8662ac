"""Where a network errs, by VoG: error rate per tenth of the examples, and accuracy on the lowest and highest share."""

from argparse import Namespace
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from difficulty.analysis.vog_errors import ALL_RUNS, BINS, VOG_ERRORS
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DASH_DOTTED, DASHED, add_legend, new_figure, styled
from difficulty.figures.style.axes import empty_figure, integer_ticks, percent_ticks, say_empty
from difficulty.figures.style.palette import ALL_RIGHT, ALL_WRONG, FAINT_INK, ROLE_COLORS
from difficulty.figures.style.text import counted, percent
from difficulty.tables import read_table

INPUTS = {"errors": ONE}

_PANEL = (2.45, 2.1)
_MOST_BESIDE = 4
_BASELINE = {"color": FAINT_INK, "linestyle": DASHED, "linewidth": 1.1}
_SIDES = {"lowest": (ALL_RIGHT, "-"), "highest": (ALL_WRONG, DASH_DOTTED)}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the errors by variance of gradients."""
    title = f"{inputs.errors.parent.name}: do networks err where variance of gradients is high?"
    return vog_errors_figure(read_table(inputs.errors, VOG_ERRORS), dict(settings["stages"]), title)


@styled()
def vog_errors_figure(table: pd.DataFrame, stages: Mapping[str, Sequence[int]], title: str) -> Figure:
    """One panel per stage with the error rate of every bin; below, one with the accuracy on both ends.

    table: columns of VOG_ERRORS. stages: stage -> its epochs, in the order of the panels.
    """
    if not (table["ranked_by"] == "vog").any():
        return empty_figure(title, "no example has a defined VoG: its class has one member, or one value")
    role, runs = table["role"].iloc[0], table.loc[table["run"] != ALL_RUNS, "run"].nunique()
    columns = min(len(stages), _MOST_BESIDE)
    lines = -(-len(stages) // columns)
    size = (max(columns * _PANEL[0], 5.2), 2 * lines * _PANEL[1])
    figure, below = new_figure(*size, title, _notes(table, role, runs))
    add_legend(figure, below, _legend(role, runs), 2 if columns > 2 else 3)
    grid = figure.subplots(2 * lines, columns, squeeze=False, sharey="row")
    upper, lower = grid[:lines].ravel(), grid[lines:].ravel()
    for axes in (*upper[len(stages) :], *lower[len(stages) :]):
        axes.remove()
    overall = table[table["run"] == ALL_RUNS]
    for (stage, epochs), bins, ends in zip(stages.items(), upper, lower, strict=False):
        _draw_bins(bins, table[table["stage"] == stage], ROLE_COLORS[role], runs)
        _draw_ends(ends, overall[(overall["stage"] == stage) & (overall["ranked_by"] == "vog")])
        bins.set_title(f"{stage}\ncheckpoints {_in_short(epochs)}")
        ends.set_title(stage)
    _share_limits(upper[: len(stages)], (0, overall.loc[overall["part"] == "bin", "high"].max()))
    for axes in (*upper[: len(stages) : columns], *lower[: len(stages) : columns]):
        percent_ticks(axes.yaxis)
    for axes in upper[: len(stages) : columns]:
        axes.set_ylabel("error rate")
    for axes in lower[: len(stages) : columns]:
        axes.set_ylabel("accuracy")
    return figure


def _draw_bins(axes: Axes, table: pd.DataFrame, color: str, runs: int) -> None:
    bins = table[table["part"] == "bin"]
    by_vog, baseline = (bins[bins["ranked_by"] == name] for name in ("vog", "magnitude"))
    single, mean = (by_vog[by_vog["run"] != ALL_RUNS], by_vog[by_vog["run"] == ALL_RUNS])
    baseline = baseline[baseline["run"] == ALL_RUNS]
    if mean.empty:
        say_empty(axes, "not defined")
        return
    if runs > 1:
        axes.plot(
            _centers(single, len(mean)),
            single["error_rate"],
            "o",
            color=color,
            alpha=0.45,
            markersize=3.2,
            markeredgewidth=0,
            gid="runs",
        )
    axes.plot(_centers(baseline, len(baseline)), baseline["error_rate"], gid="magnitude", **_BASELINE)
    place = _centers(mean, len(mean))
    axes.vlines(place, mean["low"], mean["high"], color=color, linewidth=0.9, gid="intervals")
    axes.plot(place, mean["error_rate"], color=color, linewidth=1.4, marker="o", markersize=3.6, gid="vog")
    if len(mean) == BINS and len(baseline) in (0, BINS):
        axes.set(xlim=(0.5, BINS + 0.5), xlabel="tenth by VoG, lowest first")
        integer_ticks(axes.xaxis, BINS)
    else:  # too few examples for tenths: each line has parts of its own
        ticks = np.arange(0, 101, 20)
        axes.set(xlim=(0.5, BINS + 0.5), xlabel="part by VoG, lowest first, %")
        axes.set_xticks(ticks * BINS / 100 + 0.5, ticks.astype(str))


def _centers(bins: pd.DataFrame, count: int) -> np.ndarray:
    """Where the middle of each of `count` equal parts lies, in tenths: 1 to 10 if there are ten."""
    return (bins["percent"].to_numpy() - 50 / count) * BINS / 100 + 0.5 if count else np.empty(0)


def _draw_ends(axes: Axes, table: pd.DataFrame) -> None:
    for part, (color, style) in _SIDES.items():
        rows = table[table["part"] == part].sort_values("percent")
        accuracy, low, high = 1 - rows["error_rate"], 1 - rows["high"], 1 - rows["low"]
        axes.fill_between(rows["percent"], low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(rows["percent"], accuracy, color=color, linestyle=style, linewidth=1.4, gid=part)
    if table.empty:
        say_empty(axes, "not defined")
        return
    axes.set(xlim=(0, 100), xlabel="share of the images, k %", xticks=range(0, 101, 20))


def _share_limits(panels: np.ndarray, limits: tuple[float, float]) -> None:
    low, high = limits
    for axes in panels:
        axes.set_ylim(low - 0.03 * high, high * 1.06 or 1)


def _in_short(epochs: Sequence[int]) -> str:
    if len(epochs) <= 5:
        return ", ".join(map(str, epochs))
    return f"{epochs[0]} to {epochs[-1]} ({len(epochs)})"


def _legend(role: str, runs: int) -> list:
    color = ROLE_COLORS[role]
    handles = [Line2D([], [], color=color, marker="o", markersize=3.6, label="by VoG" + (", mean" * (runs > 1)))]
    if runs > 1:
        handles.append(Line2D([], [], color=color, marker="o", ls="", ms=3.2, alpha=0.45, mew=0, label="single runs"))
    handles.append(Line2D([], [], label="by gradient magnitude", **_BASELINE))
    for part, (tone, style) in _SIDES.items():
        handles.append(Line2D([], [], color=tone, linestyle=style, label=f"{part} k % by VoG"))
    return [*handles, Patch(color=FAINT_INK, alpha=0.2, linewidth=0, label="95 % interval")]


def _notes(table: pd.DataFrame, role: str, runs: int) -> list[str]:
    mean = table[(table["run"] == ALL_RUNS) & (table["ranked_by"] == "vog")]
    total = mean.loc[(mean["part"] == "lowest") & (mean["percent"] == 100)]
    bins = mean[mean["part"] == "bin"]
    few, many = int(bins["examples"].min()), int(bins["examples"].max())
    each = f"{many:,}" if few == many else f"{few:,} or {many:,}"
    part = "tenth" if bins["percent"].min() * BINS == 100 else "part"
    notes = [
        f"{counted(int(total['examples'].max()), f'{role} example')}, {each} in each {part}, in the order of each "
        "run's own VoG (as z-score within the given label); an error is a prediction, at the last checkpoint of the "
        f"stage, that is not the given label. Lines: mean over {counted(runs, 'run')}."
        f" Wilson intervals: of the mean rate, for the number of examples of one run. Error rate overall: "
        f"{_listed(total)}."
    ]
    if undefined := int(mean["undefined"].max()):
        notes[0] += f" Left out, as VoG is undefined within their class: {counted(undefined, 'example')}."
    return notes


def _listed(total: pd.DataFrame) -> str:
    return ", ".join(
        f"{stage} {percent(rate, 1)}" for stage, rate in zip(total["stage"], total["error_rate"], strict=True)
    )
