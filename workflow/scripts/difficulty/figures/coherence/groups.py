"""How far the gradients of groups of training examples point the same way, over the epochs and layer by layer."""

from argparse import Namespace
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from difficulty.figures.inputs import SEVERAL
from difficulty.figures.style.appearance import DASH_DOTTED, DASHED, DOTTED, add_legend, new_figure, styled
from difficulty.figures.style.axes import empty_figure, integer_ticks, plain_ticks
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, PRISTINE, ROLE_COLORS
from difficulty.figures.style.text import counted, shortened
from difficulty.scores.coherence.tables import ALL, COHERENCE
from difficulty.scores.runs import experiment_of
from difficulty.tables import read_table

INPUTS = {"coherence": SEVERAL}

# Colour, line style and marker.
GROUPS: Mapping[str, tuple] = {
    "train": (ROLE_COLORS["train"], "-", "o"),
    "pristine": (PRISTINE, DASHED, "s"),
    "corrupt": (CORRUPT, DASH_DOTTED, "D"),
    "easy": ("#56B4E9", DOTTED, "^"),
    "hard": ("#000000", (0, (3, 1, 1, 1, 1, 1)), "v"),
}
_ROW = 0.2
_NAME_CHARACTERS = 28


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the coherence of every run."""
    tables = [read_table(path, COHERENCE) for path in inputs.coherence]
    return coherence_figure(tables, f"{experiment_of(inputs.coherence[0])}: whose gradients point the same way?")


@styled()
def coherence_figure(runs: Sequence[pd.DataFrame], title: str) -> Figure:
    """Left examples helped by each example, m alpha, over epochs; right the same of each layer at the last epoch.

    runs: of each run a table with epoch, group, layer, examples, alpha. Lines and dots are means over the runs, bands
    and bars reach from the smallest to the largest.
    """
    table = pd.concat(runs, keys=range(len(runs)), names=["run"]).reset_index("run") if runs else pd.DataFrame()
    if not len(table) or table["alpha"].isna().all():
        return empty_figure(title, "no gradient has a coherence", width=7.6)
    table = table.assign(helped=table["alpha"] * table["examples"])
    layers = [layer for layer in dict.fromkeys(table["layer"]) if layer != ALL]
    groups = [name for name in GROUPS if name in set(table["group"])]
    figure, below = new_figure(8.6, max(3.2, 1.0 + _ROW * len(layers)), title, [_note(table, len(runs))])
    over_epochs, by_layer = figure.subplots(1, 2, width_ratios=(1.3, 1))
    _draw_epochs(over_epochs, table[table["layer"] == ALL], groups)
    last = table[table["epoch"] == table["epoch"].max()]
    _draw_layers(by_layer, last[last["layer"] != ALL], groups, layers)
    handles = [
        Line2D([], [], color=color, linestyle=style, marker=marker, markersize=4, label=name)
        for name, (color, style, marker) in GROUPS.items()
        if name in groups
    ]
    add_legend(figure, below, handles)
    return figure


def _draw_epochs(axes: Axes, table: pd.DataFrame, groups: Sequence[str]) -> None:
    for name in groups:
        color, style, marker = GROUPS[name]
        spread = table[table["group"] == name].groupby("epoch")["helped"].agg(["mean", "min", "max"])
        axes.fill_between(spread.index, spread["min"], spread["max"], color=color, alpha=0.15, linewidth=0)
        axes.plot(spread.index, spread["mean"], color=color, linestyle=style, marker=marker, markersize=3, gid=name)
    _scale(axes, "y")
    axes.set(xlabel="epoch", ylabel="m α: examples that each one helps")
    axes.set_title("all parameters")
    integer_ticks(axes.xaxis)


def _draw_layers(axes: Axes, table: pd.DataFrame, groups: Sequence[str], layers: Sequence[str]) -> None:
    places = {layer: place for place, layer in enumerate(layers)}
    offsets = np.linspace(-0.25, 0.25, len(groups)) if len(groups) > 1 else [0.0]
    for name, offset in zip(groups, offsets, strict=True):
        color, _, marker = GROUPS[name]
        spread = table[table["group"] == name].groupby("layer")["helped"].agg(["mean", "min", "max"])
        rows = spread.index.map(places).to_numpy(float) + offset
        axes.hlines(rows, spread["min"], spread["max"], color=color, linewidth=1)
        axes.plot(spread["mean"], rows, marker, color=color, markersize=3, gid=f"{name} by layer")
    _scale(axes, "x")
    axes.set_yticks(range(len(layers)), [shortened(layer, _NAME_CHARACTERS) for layer in layers], size=6.5)
    axes.set(ylim=(len(layers) - 0.4, -0.6), xlabel="m α")
    axes.set_title(f"by layer, epoch {int(table['epoch'].max())}")


def _scale(axes: Axes, side: str) -> None:
    """Logarithmic, with a line at 1, where gradients have nothing in common."""
    (axes.set_yscale if side == "y" else axes.set_xscale)("log")
    (axes.axhline if side == "y" else axes.axvline)(1, color=FAINT_INK, linewidth=0.8, linestyle=DOTTED)
    axis = axes.yaxis if side == "y" else axes.xaxis
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    plain_ticks(axis)


def _note(table: pd.DataFrame, runs: int) -> str:
    count = int(table["examples"].iloc[0])
    return (
        f"α: squared norm of the mean gradient over the mean squared norm, of {count:,} training images of each group. "
        f"m α is 1 (dotted) where gradients are orthogonal, {count:,} where they are equal. Mean over "
        f"{counted(runs, 'run')}; bands and bars: smallest to largest."
    )
