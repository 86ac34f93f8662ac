"""How far the scores order the examples alike: Spearman's correlation between every two, with intervals."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.analysis.correlation import CORRELATION
from difficulty.analysis.ties import repetitions
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DIVERGING, FAINT_INK, INK, ROLE_COLORS, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.text import counted, short_number, shortened
from difficulty.tables import read_table

INPUTS = {"correlation": ONE}

_CELL = 0.47
_LEAST_CELL = 0.3
_MOST_WITH_INTERVALS = 18
_SAME = 1 - 1e-9  # correlation of two scores that order all examples alike
_MOST_WITH_NUMBERS = 30


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the correlations of an experiment's scores, of the roles that have more than one."""
    table = read_table(inputs.correlation, CORRELATION)
    # A role in which nothing is known of the others may have one score, and no matrix.
    table = table[table.groupby("role")["score_a"].transform("nunique") > 1]
    return correlation_figure(table, f"{inputs.correlation.parent.name}: do scores order the images alike?")


def hardness_correlations(table: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Correlations of the scores turned so that higher means harder, from those of the scores as published.

    table: score_a, score_b, direction_a, direction_b (+1, -1 or null: left as it is), spearman, low, high, of one role.
    Returns S names, in the order of the table, with a minus where a score was turned, and float (3, S, S):
    correlation, lower and upper end of the interval.
    """
    scores = list(dict.fromkeys(table["score_a"]))
    directions = table.drop_duplicates("score_a").set_index("score_a")["direction_a"]
    sign = np.array([-1.0 if directions[score] == -1 else 1.0 for score in scores])
    index = pd.MultiIndex.from_product([scores, scores])
    cells = table.set_index(["score_a", "score_b"])[["spearman", "low", "high"]].reindex(index)
    values = cells.to_numpy(float, na_value=np.nan).T.reshape(3, len(scores), len(scores))
    turned = np.outer(sign, sign)
    center, low, high = values * turned
    names = [f"−{score}" if s < 0 else score for score, s in zip(scores, sign, strict=True)]
    return names, np.stack([center, np.where(turned < 0, high, low), np.where(turned < 0, low, high)])


@styled()
def correlation_figure(table: pd.DataFrame, title: str) -> Figure:
    """The lower triangle of the correlation matrix, one for each role, in cells with numbers and intervals.

    table: columns of `hardness_correlations`, and role and examples. Scores are turned so that higher is harder.
    """
    roles = roles_in(table)
    found = [_without_repeated(table[table["role"] == role]) for role in roles]
    parts = [part for part, _ in found]
    matrices = [hardness_correlations(part) for part in parts]
    most = max((len(names) for names, _ in matrices), default=0)
    notes = ["Scores are turned so that higher means harder; a minus marks those published the other way round."]
    if most < 2:
        return empty_figure(title, "fewer than two scores to compare")
    if same := dict.fromkeys(pair for _, pairs in found for pair in pairs):
        notes.append(f"In the same order, so drawn once: {', '.join(same)}.")
    if most <= _MOST_WITH_INTERVALS:
        notes[0] += " Small numbers: 95 % bootstrap interval (examples resampled)."
    cell = _CELL if most <= _MOST_WITH_INTERVALS else _LEAST_CELL
    side = max(cell * (most - 1), 1.5)
    figure, _ = new_figure(max(side + 1.8, 4.5), len(roles) * (side + 1.25), title, notes)
    grid = figure.subplots(len(roles), 1, squeeze=False)[:, 0]
    for axes, role, part, (names, values) in zip(grid, roles, parts, matrices, strict=True):
        _draw_matrix(axes, names, values)
        examples = counted(int(part["examples"].max()), "example")
        axes.set_title(f"{role}: {examples}", color=ROLE_COLORS[role])
    return figure


def _without_repeated(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Rows of one role less the scores that order all examples as an earlier one does, and what these are: `b = a`."""
    scores = list(dict.fromkeys(table["score_a"]))
    cells = table.set_index(["score_a", "score_b"])["spearman"].astype(float)
    repeated: dict[str, str] = {}
    for number, score in enumerate(scores):
        earlier = (name for name in scores[:number] if name not in repeated)
        if first := next((name for name in earlier if cells.get((score, name), 0) >= _SAME), None):
            repeated[score] = first
    kept = ~(table["score_a"].isin(repeated) | table["score_b"].isin(repeated))
    return table[kept], repetitions(repeated)


def _draw_matrix(axes: Axes, names: list[str], values: np.ndarray) -> None:
    count = len(names)
    center = values[0][1:, :-1]
    hidden = np.triu(np.ones_like(center, bool), 1)
    image = axes.imshow(np.ma.masked_where(hidden | np.isnan(center), center), cmap=DIVERGING, vmin=-1, vmax=1)
    axes.set_xticks(
        range(count - 1), [shortened(name, 24) for name in names[:-1]], rotation=45, ha="right", rotation_mode="anchor"
    )
    axes.set_yticks(range(count - 1), [shortened(name, 24) for name in names[1:]])
    axes.set_xticks(np.arange(count) - 0.5, minor=True)
    axes.set_yticks(np.arange(count) - 0.5, minor=True)
    axes.grid(False)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    with_intervals = count <= _MOST_WITH_INTERVALS
    for row, column in zip(*np.where(~hidden), strict=True):
        value, low, high = values[:, row + 1, column]
        if np.isnan(value):
            axes.text(column, row, "–", ha="center", va="center", color=FAINT_INK)
        elif count <= _MOST_WITH_NUMBERS:
            color = "white" if abs(value) > 0.62 else INK
            shift = 0.14 if with_intervals and not np.isnan(low) else 0
            style = {"ha": "center", "va": "center", "color": color, "in_layout": False}
            axes.text(column, row - shift, short_number(value), size=7.5, **style)
            if shift:
                interval = f"{short_number(low)}, {short_number(high)}"
                axes.text(column, row + 0.24, interval, size=4.6, **style)
    bar = axes.inset_axes((0.62, 0.93, 0.38, 0.03)) if count > 4 else axes.inset_axes((1.08, 0, 0.05, 1))
    orientation = "horizontal" if count > 4 else "vertical"
    axes.figure.colorbar(image, cax=bar, orientation=orientation, ticks=(-1, 0, 1), label="Spearman's correlation")
    bar.tick_params(length=2)
    bar.grid(False)
