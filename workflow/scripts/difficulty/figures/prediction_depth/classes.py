"""How deep the examples of each class are, and which classes the examples of each depth have.

After Baldock, Maennel, Neyshabur 2021 (arXiv 2106.09647). Shapes: C classes, L probes.
"""

from argparse import Namespace
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from difficulty.figures.inputs import ONE
from difficulty.figures.prediction_depth.probe_axis import LONGEST_PROBE, probe_name
from difficulty.figures.style.appearance import new_figure, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks
from difficulty.figures.style.mosaic import spread_out
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import shortened
from difficulty.scores.collect import RUN_SCORES, SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import read_provenance, read_table

INPUTS = {"scores": ONE, "family": ONE}

MOST_CLASSES = 20
OTHERS = -1
_CELL = 0.34
_ROW = 0.19
_WIDEST = 5.2
_LEAST_WITH_NUMBERS = 0.2
_MOST_NAMES = 42
_APART = 0.5
_INCHES_PER_CHARACTER = 0.055
_SHADES = "Greys"


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the prediction depth of every run, and the class of every example."""
    scores = read_table(inputs.scores, SCORES, ["example_id", "label", "class_name"]).set_index("example_id")
    depths = read_table(inputs.family, RUN_SCORES, ["example_id", "role", "prediction_depth"])
    rows = depths.join(scores["label"], on="example_id")
    return depth_classes_figure(
        {role: rows[rows["role"] == role] for role in ROLE_SUFFIXES},
        dict(zip(scores["label"], scores["class_name"], strict=True)),
        read_provenance(inputs.family)["probes"],
        f"{inputs.scores.parent.name}: which classes are told apart late?",
    )


def count_depths(rows: pd.DataFrame, probes: int) -> pd.DataFrame:
    """Examples of each class at each depth, all runs together: index label, columns 0 ... probes.

    rows: label and prediction_depth (NaN where undefined, which counts in the last column), one row per example and
    run. Classes are ordered by the mean of their defined depths, then by label; those with none defined are last.
    """
    level = rows["prediction_depth"].fillna(probes).astype(int)
    counts = pd.crosstab(rows["label"], level).reindex(columns=range(probes + 1), fill_value=0)
    defined = counts[range(probes)].to_numpy()
    total = defined.sum(axis=1)
    mean = np.divide(defined @ np.arange(probes), total, where=total > 0, out=np.full(len(counts), np.inf))
    return counts.iloc[np.argsort(mean, kind="stable")]


def abridged(counts: pd.DataFrame) -> pd.DataFrame:
    """`counts`, and where they are of more than MOST_CLASSES classes the first and last half of so many of them.

    All classes between are one row then, with the index OTHERS.
    """
    if len(counts) <= MOST_CLASSES:
        return counts
    half = MOST_CLASSES // 2
    between = counts.iloc[half:-half].sum().to_frame(OTHERS).T
    return pd.concat([counts.iloc[:half], between, counts.iloc[-half:]])


def shares_within(counts: np.ndarray, axis: int) -> np.ndarray:
    """float: `counts` over their sums along an axis; NaN where the sum is 0."""
    total = np.broadcast_to(counts.sum(axis=axis, keepdims=True), counts.shape)
    return np.divide(counts, total, where=total > 0, out=np.full(counts.shape, np.nan))


@styled()
def depth_classes_figure(
    tables: Mapping[str, pd.DataFrame], class_names: Mapping[int, str], probes: Sequence[str], title: str
) -> Figure:
    """Per role, left the distribution of depth within each given class, right that of the classes at each depth.

    tables: role -> rows of `count_depths`; class_names: label -> name.
    """
    counts = {role: count_depths(table, len(probes)) for role, table in tables.items() if len(table)}
    if not counts:
        return empty_figure(title, "no example has a depth")
    shown = {role: abridged(table) for role, table in counts.items()}
    cell = min(_CELL, _WIDEST / (len(probes) + 1 + 3 * _APART))
    widths = [cell * (len(probes) + further * (1 + _APART)) for further in (1, 2)]
    heights = [_ROW * len(table) + 1.15 for table in shown.values()]
    classes = max(len(table) for table in counts.values())
    figure, _ = new_figure(max(sum(widths) + 2.4, 5), sum(heights) + 0.6, title, _notes(classes, cell))
    grid = figure.subplots(len(shown), 2, squeeze=False, gridspec_kw={"width_ratios": widths, "height_ratios": heights})
    norms = [PowerNorm(0.5, 0, max(_largest(table, axis) for table in shown.values())) for axis in (1, 0)]
    for (left, right), (role, table) in zip(grid, shown.items(), strict=True):
        values = table.to_numpy()
        _draw_cells(left, shares_within(values, 1), probes, norms[0], cell, f"depths {role}")
        _label_rows(left, table, class_names, len(counts[role]))
        together = np.column_stack([values, values.sum(axis=1)])
        _draw_cells(right, shares_within(together, 0), probes, norms[1], cell, f"classes {role}", table.index == OTHERS)
        right.set_yticks([])
        title_pad = 6 + _label_columns(right, together.sum(axis=0), len(probes), cell)
        left.set_title(f"{role}: depths of each class", color=ROLE_COLORS[role], pad=title_pad)
        right.set_title(f"{role}: classes at each depth", color=ROLE_COLORS[role], pad=title_pad)
    for column, norm, label in zip((0, 1), norms, ("share of the class", "share of the depth"), strict=True):
        _add_bar(figure, grid[:, column], norm, label)
    return figure


def _largest(table: pd.DataFrame, axis: int) -> float:
    """The largest share in a row that is of one class."""
    return np.nanmax(shares_within(table.to_numpy(), axis)[table.index != OTHERS], initial=0.01)


def _places(columns: int, probes: int) -> np.ndarray:
    """Where the columns are: the probes side by side, each further one set apart."""
    return np.arange(columns) + _APART * np.clip(np.arange(columns) - probes + 1, 0, None)


def _draw_cells(
    axes: Axes,
    shares: np.ndarray,
    probes: Sequence[str],
    norm: PowerNorm,
    cell: float,
    gid: str,
    pale: np.ndarray | bool = False,
) -> None:
    """Shares (C, L + 1), or (C, L + 2) with those of all depths, in cells `cell` inches wide.

    pale: bool (C,), which rows have no colour.
    """
    rows, columns = shares.shape
    places, pale = _places(columns, len(probes)), np.broadcast_to(pale, rows)
    colored = np.ma.masked_where(~(shares > 0) | pale[:, None], shares)
    for part in (slice(0, len(probes)), *(slice(column, column + 1) for column in range(len(probes), columns))):
        extent = (places[part][0] - 0.5, places[part][-1] + 0.5, rows - 0.5, -0.5)
        style = {"cmap": _SHADES, "norm": norm, "aspect": "auto", "interpolation": "nearest"}
        axes.imshow(colored[:, part], extent=extent, gid=gid, **style)
    axes.set(xlim=(-0.5, places[-1] + 0.5), ylim=(rows - 0.5, -0.5))
    named = [*spread_out(len(probes), _MOST_NAMES), *range(len(probes), columns)]
    names = [probe_name([*probes, "undefined", "all"][column], LONGEST_PROBE) for column in named]
    axes.set_xticks(places[named], names, rotation=90, size=7.5 if len(probes) <= 20 else 6)
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if cell < _LEAST_WITH_NUMBERS:
        return
    style = {"ha": "center", "va": "center", "size": 6, "in_layout": False, "gid": f"{gid} number"}
    for row, column in zip(*np.nonzero(shares > 0), strict=True):
        color = FAINT_INK if pale[row] else "white" if norm(shares[row, column]) > 0.55 else INK
        axes.text(places[column], row, _whole_percent(shares[row, column]), color=color, **style)


def _whole_percent(share: float) -> str:
    return "<1" if share < 0.005 else f"{100 * share:.0f}"


def _label_rows(axes: Axes, table: pd.DataFrame, class_names: Mapping[int, str], classes: int) -> None:
    between = f"{classes - MOST_CLASSES:,} classes between"
    names = [between if label == OTHERS else class_names.get(label, str(label)) for label in table.index]
    axes.set_yticks(range(len(names)), [shortened(name, 22) for name in names])
    end = axes.get_xlim()[1]
    for row, count in enumerate(table.sum(axis=1)):
        axes.text(end + 0.15, row, f"{count:,}", ha="left", va="center", size=6, color=FAINT_INK, gid="class count")
    if OTHERS in table.index:
        axes.get_yticklabels()[list(table.index).index(OTHERS)].set_color(FAINT_INK)


def _label_columns(axes: Axes, counts: np.ndarray, probes: int, cell: float) -> float:
    """Writes the counts above the columns, each `cell` inches wide; how high they are, in points."""
    texts = [f"{count:,}" for count in counts]
    longest = max(map(len, texts)) * _INCHES_PER_CHARACTER
    upright = longest > cell
    style = {"ha": "center", "va": "bottom", "size": 6, "color": FAINT_INK, "rotation": 90 if upright else 0}
    for place, text in zip(_places(len(counts), probes), texts, strict=True):
        axes.annotate(text, (place, -0.5), (0, 2), textcoords="offset points", gid="depth count", **style)
    return 72 * longest if upright else 8


def _add_bar(figure: Figure, axes: np.ndarray, norm: PowerNorm, label: str) -> None:
    colors = ScalarMappable(norm, _SHADES)
    bar = figure.colorbar(colors, ax=list(axes), location="bottom", aspect=40, shrink=0.7, label=label)
    bar.set_ticks([tick for tick in (0, 0.02, 0.1, 0.3, 0.6, 1) if tick <= norm.vmax])
    percent_ticks(bar.ax.xaxis)
    bar.ax.grid(False)


def _notes(classes: int, cell: float) -> list[str]:
    text = (
        "Classes are those of the given label, ordered by mean depth, the shallowest at the top; all runs together. "
        "Left: each row adds up to 100 %. Right: each column does; compare it with “all”. "
    )
    if cell >= _LEAST_WITH_NUMBERS:
        text += "In the cells: %. "
    text += "Grey numbers: examples, counted once for each run."
    if classes > MOST_CLASSES:
        half = MOST_CLASSES // 2
        text += f" Of {classes:,} classes the {half} of the lowest and the {half} of the highest mean depth are shown."
    return [text]
