"""How prediction depth is spread over the examples."""

from argparse import Namespace
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from difficulty.figures.inputs import ONE
from difficulty.figures.prediction_depth.probe_axis import (
    NUMBER_STEP,
    label_height,
    panel_grid,
    panel_title,
    probe_axis,
    step_between,
    undefined_place,
)
from difficulty.figures.style.appearance import add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import counted, percent
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.depth.tables import depth_columns
from difficulty.tables import read_provenance, read_table

INPUTS = {"family": ONE}

_HEIGHT = 2.1


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the prediction depth of every run."""
    names = read_provenance(inputs.family)["probes"]
    scores = read_table(inputs.family, RUN_SCORES.extended(depth_columns(len(names))))
    title = f"{inputs.family.parents[1].name}: from which probe on do neighbours vote as the network predicts?"
    return depth_histogram_figure(scores, names, title)


@styled()
def depth_histogram_figure(scores: pd.DataFrame, names: Sequence[str], title: str) -> Figure:
    """One panel per role with the share of its examples at every prediction depth, and without any.

    scores: example_id, run, role, prediction_depth (NaN: undefined) and probe_ties, a row per example and run.
    names: of the probes, from depth 0.
    """
    roles = roles_in(scores)
    if not roles:
        return empty_figure(title, "no example has been probed")
    shares = {role: _shares(scores[scores["role"] == role], len(names)) for role in roles}
    lines, columns, width = panel_grid(len(roles), len(names))
    height = _HEIGHT + label_height(names, width)
    figure, below = new_figure(columns * width, lines * height, title, [_note(scores, shares)])
    if max(map(len, shares.values())) > 1:
        add_legend(figure, below, _legend())
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axes, role in zip(grid, roles, strict=True):
        _draw(axes, shares[role], names, ROLE_COLORS[role], width)
        examples = scores.loc[scores["role"] == role, "example_id"].nunique()
        panel_title(axes, role, f"{counted(examples, 'example')}, {counted(len(shares[role]), 'run')}", width)
        probe_axis(axes, names, width, "prediction depth", undefined=True)
    for axes in grid[::columns]:
        axes.set_ylabel("share of the examples")
        percent_ticks(axes.yaxis)
    return figure


def _shares(rows: pd.DataFrame, probes: int) -> np.ndarray:
    """Share of each run's examples at each depth, the undefined ones last: (K, probes + 1)."""
    level = rows["prediction_depth"].fillna(probes).astype(int)
    counts = pd.crosstab(rows["run"], level).reindex(columns=range(probes + 1), fill_value=0).to_numpy()
    return counts / counts.sum(axis=1, keepdims=True)


def _draw(axes: Axes, shares: np.ndarray, names: Sequence[str], color: str, width: float) -> None:
    places = np.array([*range(len(names)), undefined_place(names)])
    mean, runs = shares.mean(axis=0), len(shares)
    colors = [color] * len(names) + [FAINT_INK]
    axes.bar(places, mean, width=0.78, color=colors, alpha=0.5, linewidth=0, gid="mean")
    if runs > 1:
        offsets = np.linspace(-0.2, 0.2, runs)[:, None]
        style = {"ls": "", "marker": "o", "markersize": 2.4, "markeredgewidth": 0, "color": INK, "alpha": 0.7}
        found = mean > 0
        axes.plot((places + offsets)[:, found].ravel(), shares[:, found].ravel(), gid="runs", **style)
    style = {"ha": "center", "va": "bottom", "size": 6, "color": INK}
    style["rotation"] = 90 if step_between(len(names), width) < NUMBER_STEP else 0
    for place, value, top in zip(places, mean, shares.max(axis=0), strict=True):
        if value:
            axes.annotate(_number(value), (place, top), (0, 3), textcoords="offset points", **style)
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.15 * shares.max()))  # the panels share it


def _number(share: float) -> str:
    return "<0.1" if share < 0.0005 else f"{100 * share:.1f}"


def _note(scores: pd.DataFrame, shares: dict[str, np.ndarray]) -> str:
    ties = scores.groupby("role")["probe_ties"].mean()
    undefined = ", ".join(f"{role} {percent(part[:, -1].mean(), 2)}" for role, part in shares.items())
    tied = ", ".join(f"{role} {percent(ties[role], 2)}" for role in shares)
    text = (
        "Prediction depth: the first probe from which on the nearest training examples vote the class that the network "
        "predicts. Numbers: share of the examples in per cent. Undefined (those at the softmax vote another class): "
        f"{undefined}. Votes tied between classes, over all probes: {tied}."
    )
    return text.replace(" %", "\u00a0%")


def _legend() -> list:
    style = {"ls": "", "marker": "o", "markersize": 2.4, "markeredgewidth": 0, "color": INK, "alpha": 0.7}
    return [
        Patch(color=FAINT_INK, alpha=0.5, linewidth=0, label="mean over runs"),
        Line2D([], [], label="single runs", **style),
    ]
