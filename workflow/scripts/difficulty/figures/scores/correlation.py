"""How far the scores order the examples alike: Spearman's correlation between every two, with intervals."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.analysis.correlation import CORRELATION
from difficulty.analysis.ties import repetitions
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DIVERGING, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import counted, short_number, shortened
from difficulty.tables import read_table

INPUTS = {"correlation": ONE}

_CELL = 0.47
_LEAST_CELL = 0.3
_MOST_WITH_INTERVALS = 18
_MOST_WITH_NUMBERS = 60
_SAME = 1 - 1e-9  # correlation of two scores that order all examples alike


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the correlations of an experiment's scores, of the roles that have more than one."""
    table = read_table(inputs.correlation, CORRELATION)
    # A role in which nothing is known of the others may have one score, and no matrix.
    table = table[table.groupby("role")["score_a"].transform("nunique") > 1]
    return correlation_figure(table, f"{inputs.correlation.parent.name}: do scores order the images alike?")


def hardness_correlations(table: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Correlations of the scores turned so that higher means harder, from those of the scores as published.

    table: score_a, score_b, direction_a, direction_b (+1, -1 or null: left as it is), spearman, low, high, corrected
    and reliability_a, of one role.
    Returns S names, in the order of the table, with a minus where a score was turned, and float (4, S, S):
    correlation, lower and upper end of the interval, and the corrected correlation, which on the diagonal is the
    reliability.
    """
    scores = list(dict.fromkeys(table["score_a"]))
    directions = table.drop_duplicates("score_a").set_index("score_a")["direction_a"]
    sign = np.array([-1.0 if directions[score] == -1 else 1.0 for score in scores])
    index = pd.MultiIndex.from_product([scores, scores])
    table = table.assign(
        corrected=table["corrected"].mask(table["score_a"] == table["score_b"], table["reliability_a"])
    )
    cells = table.set_index(["score_a", "score_b"])[["spearman", "low", "high", "corrected"]].reindex(index)
    values = cells.to_numpy(float, na_value=np.nan).T.reshape(4, len(scores), len(scores))
    turned = np.outer(sign, sign)
    center, low, high, corrected = values * turned
    names = [f"−{score}" if s < 0 else score for score, s in zip(scores, sign, strict=True)]
    return names, np.stack([center, np.where(turned < 0, high, low), np.where(turned < 0, low, high), corrected])


@styled()
def correlation_figure(table: pd.DataFrame, title: str) -> Figure:
    """The correlation matrix of each role, in cells with numbers and intervals.

    Below the diagonal are the correlations; above it, where any is known, those corrected for unreliability, and on it
    the reliabilities.
    table: columns of `hardness_correlations`, and role and examples. Scores are turned so that higher is harder.
    """
    roles = roles_in(table)
    found = [_without_repeated(table[table["role"] == role]) for role in roles]
    parts = [part for part, _ in found]
    matrices = [hardness_correlations(part) for part in parts]
    most = max((len(names) for names, _ in matrices), default=0)
    if most < 2:
        return empty_figure(title, "fewer than two scores to compare")
    repeated = dict.fromkeys(pair for _, pairs in found for pair in pairs)
    is_corrected = any(_is_corrected(values) for _, values in matrices)
    notes = _notes(most, is_corrected, list(repeated))
    cell = _CELL if most <= _MOST_WITH_INTERVALS else _LEAST_CELL
    side = max(cell * most, 1.5)
    figure, _ = new_figure(max(side + (2.9 if is_corrected else 1.8), 4.5), len(roles) * (side + 1.25), title, notes)
    grid = figure.subplots(len(roles), 1, squeeze=False)[:, 0]
    for axes, role, part, (names, values) in zip(grid, roles, parts, matrices, strict=True):
        _draw_matrix(axes, names, values)
        axes.set_title(f"{role}: {_examples(part)}", color=ROLE_COLORS[role])
    return figure


def _notes(scores: int, is_corrected: bool, repeated: list[str]) -> list[str]:
    notes = ["Scores are turned so that higher means harder; a minus marks those published the other way round."]
    if scores <= _MOST_WITH_INTERVALS:
        notes[0] += " Small numbers: 95 % bootstrap interval (examples resampled)."
    if is_corrected:
        notes.append(
            "Above the diagonal: corrected for unreliability, as if averaged over endlessly many seeds (by chance at "
            "times above 1). On it: reliability of the mean over the seeds there are."
        )
    if repeated:
        notes.append(f"In the same order, so drawn once: {', '.join(repeated)}.")
    return notes


def _examples(table: pd.DataFrame) -> str:
    """How many examples the pairs are compared on, e.g. `1,437 examples` or `25 to 1,437 examples`."""
    fewest, most = int(table["examples"].min()), int(table["examples"].max())
    return counted(most, "example") if fewest == most else f"{fewest:,} to {counted(most, 'example')}"


def _is_corrected(values: np.ndarray) -> bool:
    """values: (4, S, S). Whether any corrected correlation of two scores is known."""
    return bool((~np.isnan(values[3]) & ~np.eye(values.shape[1], dtype=bool)).any())


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
    """values: (4, S, S). Without corrected correlations the first score has no row and the last no column."""
    is_whole = _is_corrected(values)
    rows, columns = (names, names) if is_whole else (names[1:], names[:-1])
    spearman, low, high, corrected = values if is_whole else values[:, 1:, :-1]
    place = np.subtract.outer(np.arange(len(rows)), np.arange(len(columns))) + (not is_whole)  # > 0: below the diagonal
    shown = np.where(place > 0, spearman, corrected if is_whole else np.nan)
    image = axes.imshow(np.ma.masked_where(np.isnan(shown) | (place == 0), shown), cmap=DIVERGING, vmin=-1, vmax=1)
    style = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(columns)), [shortened(name, 24) for name in columns], **style)
    axes.set_yticks(range(len(rows)), [shortened(name, 24) for name in rows])
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(False)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    with_intervals = len(names) <= _MOST_WITH_INTERVALS
    has_number = ((place > 0) | is_whole) & (len(names) <= _MOST_WITH_NUMBERS)
    for row, column in zip(*np.where(has_number), strict=True):
        value, is_measured = shown[row, column], place[row, column] > 0
        ends = (low[row, column], high[row, column]) if with_intervals and is_measured else None
        on_color = abs(value) > 0.62 and place[row, column] != 0
        _draw_cell(axes, row, column, value, ends, "white" if on_color else INK)
    _add_bar(axes, image, is_whole, len(names))


def _draw_cell(axes: Axes, row: int, column: int, value: float, ends: tuple[float, float] | None, color: str) -> None:
    if np.isnan(value):
        axes.text(column, row, "–", ha="center", va="center", color=FAINT_INK)
        return
    style = {"ha": "center", "va": "center", "color": color, "in_layout": False}
    has_ends = ends is not None and not np.isnan(ends[0])
    axes.text(column, row - 0.14 * has_ends, short_number(value), size=7.5, **style)
    if has_ends:
        axes.text(column, row + 0.24, ", ".join(short_number(end) for end in ends), size=4.6, **style)


def _add_bar(axes: Axes, image, is_whole: bool, scores: int) -> None:
    """The scale of the colours: in the empty half of the matrix, or beside it where there is none."""
    is_inside = scores > 4 and not is_whole
    bar = axes.inset_axes((0.62, 0.93, 0.38, 0.03) if is_inside else (1.03, 0, min(0.05, 0.5 / scores), 1))
    orientation = "horizontal" if is_inside else "vertical"
    axes.figure.colorbar(image, cax=bar, orientation=orientation, ticks=(-1, 0, 1), label="Spearman's correlation")
    bar.tick_params(length=2)
    bar.grid(False)
