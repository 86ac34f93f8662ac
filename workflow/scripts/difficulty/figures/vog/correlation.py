"""Which scores say what VoG says: Spearman's correlation with each of them, in every stage."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.vog_correlation import OVERALL, VOG_CORRELATION, WITHIN_CLASS
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import add_legend, line_styles, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.palette import FAINT_INK, ROLE_COLORS, STRIPE
from difficulty.figures.style.text import counted, shortened
from difficulty.tables import read_table

INPUTS = {"correlation": ONE}

_ROW, _OF_STAGE = 0.13, 0.075
_MARKERS = "osD^vPX*"
_BASELINE = "gradient_magnitude"
# Panel -> what is compared, and the ending of VoG's column.
_PANELS = {
    "normalised VoG, all examples": (OVERALL, ""),
    "raw VoG, all examples": (OVERALL, "_raw"),
    "VoG, within class": (WITHIN_CLASS, ""),
}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the correlations of variance of gradients with other scores."""
    table = read_table(inputs.correlation, VOG_CORRELATION)
    title = f"{inputs.correlation.parent.name}: which scores say what variance of gradients says?"
    return vog_correlation_figure(table, list(dict(settings["stages"])), title)


@styled()
def vog_correlation_figure(table: pd.DataFrame, stages: list[str], title: str) -> Figure:
    """Rows are scores, dots with intervals the stages of VoG; one line of panels per role.

    table: columns of VOG_CORRELATION. stages: in the order in which they are drawn.
    """
    table = table[~table["score"].str.startswith("vog_")]
    roles = roles_in(table)
    if not roles:
        return empty_figure(title, "fewer than ten examples have a defined VoG")
    scores = _ordered(table, roles[0], stages)
    height = len(scores) * (_ROW + _OF_STAGE * len(stages)) + 0.75
    figure, below = new_figure(8.6, height * len(roles), title, [_note()])
    styles = dict(zip(stages, line_styles(len(stages)), strict=True))
    markers = {stage: _MARKERS[number % len(_MARKERS)] for number, stage in enumerate(stages)}
    style = {"ls": "", "markersize": 4}
    add_legend(figure, below, [Line2D([], [], color=styles[s][0], marker=markers[s], label=s, **style) for s in stages])
    grid = figure.subplots(len(roles), len(_PANELS), squeeze=False, sharex=True)
    lowest = min(0.0, float(table["low"].min()), float(table["spearman"].min()))
    for role, line in zip(roles, grid, strict=True):
        part = table[table["role"] == role]
        for axes, (name, (compared, ending)) in zip(line, _PANELS.items(), strict=True):
            for number, stage in enumerate(stages):
                rows = part[(part["compared"] == compared) & (part["vog"] == f"vog_{stage}{ending}")]
                shift = (number - (len(stages) - 1) / 2) * 0.72 / len(stages)
                gid = f"{role} {compared} vog_{stage}{ending}"
                _draw_rows(axes, rows, scores, shift, styles[stage][0], markers[stage], gid)
            _dress(axes, scores, lowest)
            axes.set_title(name)
        line[0].set_yticks(range(len(scores)), [shortened(score, 24) for score in scores])
        examples = counted(int(part["examples"].max()), "example")
        line[0].set_ylabel(f"{role}: {examples}", color=ROLE_COLORS[role], weight="bold")
    for axes in grid[-1]:
        axes.set_xlabel("Spearman's correlation")
    return figure


def _draw_rows(axes: Axes, rows: pd.DataFrame, scores: list[str], shift: float, color: str, marker: str, gid) -> None:
    cells = rows.set_index("score")[["spearman", "low", "high"]].reindex(scores).to_numpy(float, na_value=np.nan)
    place = np.arange(len(scores)) + shift
    axes.hlines(place, cells[:, 1], cells[:, 2], color=color, linewidth=1)
    axes.plot(cells[:, 0], place, marker, color=color, markersize=3.2, gid=gid)


def _dress(axes: Axes, scores: list[str], lowest: float) -> None:
    axes.axvline(0, color=FAINT_INK, linewidth=0.7, zorder=1)
    for row in range(0, len(scores), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=STRIPE, linewidth=0, zorder=0)
    axes.set_yticks(range(len(scores)), [""] * len(scores))
    axes.set(ylim=(len(scores) - 0.5, -0.5), xlim=(lowest - 0.04, 1.02))
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")


def _ordered(table: pd.DataFrame, role: str, stages: list[str]) -> list[str]:
    """The baseline, then the scores by their correlation with normalised VoG of the last stage, the highest first."""
    rows = table[(table["role"] == role) & (table["compared"] == OVERALL) & (table["vog"] == f"vog_{stages[-1]}")]
    found = rows.sort_values("spearman", ascending=False, kind="stable", na_position="last")["score"]
    names = list(dict.fromkeys([*found, *table["score"]]))
    return sorted(names, key=lambda score: score != _BASELINE)


def _note() -> str:
    return (
        "Scores are means over runs, turned so that higher means harder, with 95 % bootstrap intervals (examples "
        "resampled). Raw: VoG as it is; normalised: as z-score within the given label; within class: ranks of both "
        "within the given label. gradient_magnitude is the mean absolute gradient at the last checkpoint: the nearer "
        "to 1 there, the less VoG adds to one gradient."
    )
