"""Does a score find what is really hard? Found against inspected, and the area under it, for every score."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.figures.style.appearance import DOTTED, line_styles, new_figure, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks
from difficulty.figures.style.palette import FAINT_INK, INK
from difficulty.figures.style.text import counted, percent, shortened

_ROW = 0.235
_MOST_BESIDE_A_STRETCHED_CURVE = 18
_ARROWS = {1: "↑", -1: "↓"}  # by which direction is harder
_CHANCE = {"color": FAINT_INK, "linestyle": DOTTED, "linewidth": 1}
_PERFECT = {"color": FAINT_INK, "linestyle": "-", "linewidth": 0.8}


@styled()
def detection_figure(
    table: pd.DataFrame,
    curves: pd.DataFrame,
    title: str,
    wanted: str = "hard",
    differences: pd.DataFrame | None = None,
) -> Figure:
    """Left the share found against the share inspected; right average precision and AUROC with intervals.

    table: score, run ('all' for the mean over seeds, else one seed), direction, examples, positives, prevalence, auroc,
    average_precision and their _low and _high, for other seeds, too, _low_seeds and _high_seeds; curves: score,
    inspected, found (fractions). wanted: what the positive examples are called. differences: columns of
    DETECTION_DIFFERENCES; None: not compared.
    Rows are in the order of average precision, the best first, in the colours of the lines.
    """
    overall = table[table["run"] == "all"].sort_values(
        "average_precision", ascending=False, kind="stable", na_position="last"
    )
    if overall.empty:
        return empty_figure(title, "no score to compare", width=7.6)
    single = table[table["run"] != "all"]
    prevalence = float(overall["prevalence"].iloc[0])
    height = max(3.4, 0.75 + _ROW * len(overall))
    figure, _ = new_figure(8.6, height, title, _notes(overall, single, wanted, differences))
    styles = dict(zip(overall["score"], line_styles(len(overall)), strict=True))
    grid = figure.add_gridspec(1, 3, width_ratios=(2.4, 1.15, 1.15))
    _draw_curves(figure.add_subplot(grid[0]), curves, styles, prevalence, wanted)
    precision, auroc = figure.add_subplot(grid[1]), figure.add_subplot(grid[2])
    for axes, metric, chance in ((precision, "average_precision", prevalence), (auroc, "auroc", 0.5)):
        alike = _like_the_best(overall, differences, metric)
        _draw_forest(axes, overall, single, styles, metric, chance, alike)
    names = [
        f"{shortened(score, 30)} {_ARROWS.get(int(direction), '')}"
        for score, direction in zip(overall["score"], overall["direction"], strict=True)
    ]
    precision.set_yticks(range(len(names)), names)
    auroc.set_yticks(range(len(names)), [""] * len(names))
    precision.set_title("average precision")
    auroc.set_title("AUROC")
    return figure


def _draw_curves(axes: Axes, curves: pd.DataFrame, styles: dict, prevalence: float, wanted: str) -> None:
    axes.plot((0, 1), (0, 1), gid="chance", **_CHANCE)
    if 0 < prevalence < 1:
        axes.plot((0, prevalence, 1), (0, 1, 1), gid="perfect", **_PERFECT)
        axes.annotate("perfect", (prevalence, 1), (2, 3), textcoords="offset points", size=7, color=FAINT_INK)
    axes.annotate("chance", (0.62, 0.62), (3, -9), textcoords="offset points", size=7, color=FAINT_INK)
    for score, (color, style) in reversed(styles.items()):
        rows = curves[curves["score"] == score]
        axes.plot(rows["inspected"], rows["found"], color=color, linestyle=style, linewidth=1.4, gid=score)
    axes.set(
        xlim=(0, 1), ylim=(0, 1.05), xlabel="share inspected, hardest first", ylabel=f"share of the {wanted} found"
    )
    axes.set_title("found against inspected")
    if len(styles) > _MOST_BESIDE_A_STRETCHED_CURVE:
        axes.set(box_aspect=1, anchor="N")
    percent_ticks(axes.xaxis)
    percent_ticks(axes.yaxis)


def _like_the_best(overall: pd.DataFrame, differences: pd.DataFrame | None, metric: str) -> set[str]:
    """The scores whose difference from the best one by `metric` has an interval that includes 0.

    The interval is that for other images and seeds where there is one, else that for other images.
    """
    if differences is None or overall[metric].isna().all():
        return set()
    best = overall.loc[overall[metric].astype(float).idxmax(), "score"]
    rows = differences[(differences["metric"] == metric) & (differences[["score_a", "score_b"]] == best).any(axis=1)]
    low, high = (rows.get(f"{end}_seeds", rows[end]).fillna(rows[end]) for end in ("low", "high"))
    rows = rows[(low <= 0) & (high >= 0)]
    return {*rows["score_a"], *rows["score_b"]} - {best}


def _draw_forest(
    axes: Axes,
    overall: pd.DataFrame,
    single: pd.DataFrame,
    styles: dict,
    metric: str,
    chance: float,
    alike: Collection[str],
) -> None:
    axes.axvline(chance, gid="chance", **_CHANCE)
    for row, (_, values) in enumerate(overall.iterrows()):
        runs = single.loc[single["score"] == values["score"], metric].astype(float)
        _draw_row(axes, row, values, runs, styles[values["score"]], metric)
        text = "–" if pd.isna(values[metric]) else f"{values[metric]:.3f}"
        text += " =" if values["score"] in alike else ""
        style = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
        axes.annotate(text, (1, row), (4, 0), size=7, color=INK, **style)
    ends = [f"{metric}_low", *({f"{metric}_low_seeds"} & set(overall))]
    lowest = np.nanmin([chance, *overall[ends].astype(float).min(axis=1), *overall[metric], *single[metric]])
    axes.set(ylim=(len(overall) - 0.4, -0.6), xlim=(min(lowest, chance) - 0.03, 1.02))
    axes.tick_params(axis="y", length=0)


def _draw_row(axes: Axes, row: int, values: pd.Series, runs: pd.Series, color_and_style: tuple, metric: str) -> None:
    """The mean over seeds with its intervals, and below it the single seeds."""
    color, style = color_and_style
    axes.plot(runs, np.full(len(runs), row + 0.3), "|", color=color, markersize=3, markeredgewidth=0.8, alpha=0.8)
    over_seeds = [values.get(f"{metric}_{end}_seeds", np.nan) for end in ("low", "high")]
    axes.hlines(row, *over_seeds, color=color, linewidth=0.7)
    axes.hlines(row, values[f"{metric}_low"], values[f"{metric}_high"], color=color, linewidth=1.8)
    face = color if style == "-" else "white"
    gid = f"{metric} {values['score']}"
    axes.plot(values[metric], row, "o", color=color, markerfacecolor=face, markersize=4.2, gid=gid)


def _notes(overall: pd.DataFrame, single: pd.DataFrame, wanted: str, differences: pd.DataFrame | None) -> list[str]:
    first = overall.iloc[0]
    text = (
        f"{counted(int(first['examples']), 'example')}, {int(first['positives']):,} truly {wanted} "
        f"({percent(float(first['prevalence']), 1)}). ↑: higher is harder, ↓: lower is harder, as published. Dots and "
        "thick lines: mean score over the seeds with its 95 % interval for other images"
    )
    if "auroc_low_seeds" in overall and overall["auroc_low_seeds"].notna().any():
        text += "; thin lines: for other images and other seeds"
    text += "; ticks below: single seeds." if len(single) else "."
    if any(style != "-" for _, style in line_styles(len(overall))):
        text += " Hollow dots: scores whose curves are dashed or dotted."
    if differences is not None and differences["low"].notna().any():
        text += " =: not shown to differ from the best (95 % interval of the paired difference)."
    return [text]
