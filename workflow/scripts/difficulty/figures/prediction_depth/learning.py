"""Are examples that networks settle deep inside also settled late in training?"""

from argparse import Namespace
from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from scipy.stats import spearmanr

from difficulty.figures.inputs import ONE
from difficulty.figures.prediction_depth.probe_axis import (
    label_height,
    panel_grid,
    panel_title,
    probe_axis,
    say_none,
)
from difficulty.figures.style.appearance import new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure, integer_ticks, plain_ticks
from difficulty.figures.style.palette import ROLE_COLORS
from difficulty.figures.style.text import counted, percent, short_number
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.depth.tables import depth_columns
from difficulty.scores.dynamics.scoring import DYNAMICS
from difficulty.tables import read_provenance, read_table

INPUTS = {"family": ONE, "dynamics": ONE}

_HEIGHT, _BAR = 2.2, 0.7
_MOST_CELLS = 50  # along the iterations
# Without the lightest greys: one example must differ from none.
_GREYS = ListedColormap(matplotlib.colormaps["Greys"](np.linspace(0.18, 0.9, 200)))


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads prediction depth and learning dynamics of every run."""
    names, keys = read_provenance(inputs.family)["probes"], ["example_id", "run", "role"]
    depths = RUN_SCORES.extended(depth_columns(len(names)))
    depth = read_table(inputs.family, depths, [*keys, "prediction_depth"])
    dynamics = RUN_SCORES.extended({"iteration_learned": DYNAMICS["iteration_learned"]})
    learned = read_table(inputs.dynamics, dynamics, [*keys, "iteration_learned"])
    scores = depth.merge(learned, on=keys, validate="one_to_one")
    title = f"{inputs.family.parents[1].name}: are deep examples learned late?"
    return depth_learning_figure(scores, names, title)


@styled()
def depth_learning_figure(scores: pd.DataFrame, names: Sequence[str], title: str) -> Figure:
    """One panel per role: number of examples by prediction depth and iteration learned, and the mean of the latter.

    scores: example_id, run, role, prediction_depth and iteration_learned (NaN: undefined), a row per example and run.
    names: of the probes, from depth 0.
    """
    defined = scores[scores["prediction_depth"].notna() & scores["iteration_learned"].notna()]
    if defined.empty:
        return empty_figure(title, "no example has a prediction depth")
    roles = roles_in(scores)
    edges = _iteration_edges(scores["iteration_learned"])
    counts = {role: _counts(defined[defined["role"] == role], len(names), edges) for role in roles}
    norm = LogNorm(1, max(10, *(table.max() for table in counts.values())))
    lines, columns, width = panel_grid(len(roles), len(names))
    note = _note(scores, defined, int(edges[1] - edges[0]))
    height = _HEIGHT + label_height(names, width)
    figure, _ = new_figure(columns * width + _BAR, lines * height, title, [note])
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axes, role in zip(grid, roles, strict=True):
        rows = defined[defined["role"] == role]
        _draw(axes, rows, counts[role], edges, norm, ROLE_COLORS[role])
        panel_title(axes, role, _correlation(rows), width)
        probe_axis(axes, names, width, "prediction depth")
        axes.set_ylim(edges[0], edges[-1])
        integer_ticks(axes.yaxis)
    for axes in grid[::columns]:
        axes.set_ylabel("iteration learned (epoch)")
    _add_bar(figure, grid, norm)
    return figure


def spearman_of_runs(rows: pd.DataFrame) -> pd.Series:
    """Spearman's correlation of prediction_depth and iteration_learned in each run where neither is constant.

    rows: run and both, without NaN. Returns float, by run.
    """
    found = {}
    for run, own in rows.groupby("run"):
        depth, learned = own["prediction_depth"], own["iteration_learned"]
        if depth.min() < depth.max() and learned.min() < learned.max():
            found[run] = float(spearmanr(depth, learned).statistic)
    return pd.Series(found, dtype=float)


def _iteration_edges(learned: pd.Series) -> np.ndarray:
    """Edges of cells around whole epochs from 1 to the last at which an example was learned."""
    last = int(learned.max()) if learned.notna().any() else 1
    step = -(-last // _MOST_CELLS)
    return np.arange(0.5, last + step + 0.4, step)


def _counts(rows: pd.DataFrame, probes: int, edges: np.ndarray) -> np.ndarray:
    """Number of rows by iteration learned and depth: (cells, probes)."""
    bins = (edges, np.arange(probes + 1) - 0.5)
    return np.histogram2d(rows["iteration_learned"], rows["prediction_depth"], bins)[0]


def _draw(axes: Axes, rows: pd.DataFrame, counts: np.ndarray, edges: np.ndarray, norm: LogNorm, color: str) -> None:
    depths = np.arange(counts.shape[1] + 1) - 0.5
    cells = np.ma.masked_equal(counts, 0)
    axes.pcolormesh(depths, edges, cells, cmap=_GREYS, norm=norm, rasterized=True, gid="counts")
    mean = rows.groupby("prediction_depth")["iteration_learned"].mean()
    outline = [withStroke(linewidth=3, foreground="white")]
    style = {"linewidth": 1.5, "marker": "o", "markersize": 3.6, "zorder": 3, "path_effects": outline}
    axes.plot(mean.index, mean, color=color, gid="mean", **style)
    axes.grid(False)
    if rows.empty:
        say_none(axes, "no example has a prediction depth")


def _add_bar(figure: Figure, grid: np.ndarray, norm: LogNorm) -> None:
    bar = figure.colorbar(
        ScalarMappable(norm, _GREYS), ax=list(grid), label="examples, of all runs", aspect=30, pad=0.02
    )
    bar.minorticks_off()
    plain_ticks(bar.ax.yaxis)
    bar.ax.grid(False)


def _correlation(rows: pd.DataFrame) -> str:
    found = spearman_of_runs(rows)
    if found.empty:
        return "Spearman not defined"
    text, runs = f"Spearman {short_number(found.mean())}", rows["run"].nunique()
    if len(found) > 1:
        text += f" ({short_number(found.min())} to {short_number(found.max())})"
    return text if len(found) == runs else f"{text}, in {len(found)} of {runs} runs"


def _note(scores: pd.DataFrame, defined: pd.DataFrame, step: int) -> str:
    examples = ", ".join(
        f"{counted(scores.loc[scores['role'] == role, 'example_id'].nunique(), f'{role} example')}"
        for role in roles_in(scores)
    )
    runs = scores["run"].nunique()
    text = (
        f"{examples}, in {counted(runs, 'run')}. Iteration learned: the epoch from which on the network's prediction "
        "stays what it is at the end. Line: its mean at each depth. Above: Spearman's correlation of the two"
    )
    text += " within a run: mean (smallest to largest) over the runs." if runs > 1 else "."
    if step > 1:
        text += f" Cells are {step} epochs high."
    if left_out := 1 - len(defined) / len(scores):
        text += f" Left out, as the depth is undefined: {percent(left_out, 2)}."
    return text.replace(" %", "\u00a0%")
