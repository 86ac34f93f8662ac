"""Does a score find what is really hard? Found against inspected, and the area under it, for every score."""

from collections.abc import Collection, Iterable, Mapping
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.figures.style.appearance import DASH_DOTTED, DASHED, DOTTED, line_styles, new_figure, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks
from difficulty.figures.style.palette import FAINT_INK, INK
from difficulty.figures.style.text import counted, percent, shortened

_ROW = 0.235
_ARROWS = {1: "↑", -1: "↓"}  # by which direction is harder
_CHANCE = {"color": FAINT_INK, "linestyle": DOTTED, "linewidth": 1}
_PERFECT = {"color": FAINT_INK, "linestyle": "-", "linewidth": 0.8}
_OTHERS = "#dcdcdc"  # curves of other families
_PANEL = 1.55  # inches, the least height of a family's curves
_NAMED = 4  # curves of a family that have a name, the best ones; and the worst
_STYLES = [{"linestyle": style, "linewidth": 1.5} for style in ("-", DASHED, DOTTED, DASH_DOTTED)]
_STYLES.append({"linestyle": "-", "linewidth": 0.9})
OTHER = "other"


@styled()
def detection_figure(
    table: pd.DataFrame,
    curves: pd.DataFrame,
    title: str,
    wanted: str = "hard",
    differences: pd.DataFrame | None = None,
    families: Mapping[str, str] | None = None,
) -> Figure:
    """Left the share found against the share inspected, a panel for each family of scores; right average precision and
    AUROC with intervals.

    table: score, run ('all' for the mean over seeds, else one seed), direction, examples, positives, prevalence, auroc,
    average_precision and their _low and _high, for other seeds, too, _low_seeds and _high_seeds; curves: score,
    inspected, found (fractions). wanted: what the positive examples are called. differences: columns of
    DETECTION_DIFFERENCES; None: not compared. families: score -> the family that it belongs to.
    Rows are in the order of average precision, the best first, in the hues of their families; families are in the order
    of their best score.
    """
    overall = table[table["run"] == "all"].sort_values(
        "average_precision", ascending=False, kind="stable", na_position="last"
    )
    if overall.empty:
        return empty_figure(title, "no score to compare", width=7.6)
    single = table[table["run"] != "all"]
    prevalence = float(overall["prevalence"].iloc[0])
    groups = _groups(overall["score"], families or {})
    hues = dict(zip(groups, (color for color, _ in line_styles(len(groups))), strict=True))
    colors = {score: hues[family] for family, scores in groups.items() for score in scores}
    rows = ceil(len(groups) / 2)
    height = max(3.4, 0.75 + _ROW * len(overall), 0.6 + _PANEL * rows)
    figure, _ = new_figure(9.4, height, title, _notes(overall, single, wanted, differences))
    grid = figure.add_gridspec(1, 3, width_ratios=(3.2, 1.15, 1.15))
    precision, auroc = figure.add_subplot(grid[1]), figure.add_subplot(grid[2])
    panels = grid[0].subgridspec(rows, min(len(groups), 2))
    for number, (family, scores) in enumerate(groups.items()):
        axes = figure.add_subplot(panels[divmod(number, 2)])
        _draw_curves(axes, curves, scores, hues[family], prevalence)
        axes.set_title(family.replace("_", " "), color=hues[family])
        is_last = number + 2 >= len(groups)
        axes.set_xlabel("share inspected, hardest first" if is_last else "")
        axes.set_ylabel(f"share of the {wanted} found" if number % 2 == 0 else "")
    for axes, metric, chance in ((precision, "average_precision", prevalence), (auroc, "auroc", 0.5)):
        alike = _like_the_best(overall, differences, metric)
        _draw_forest(axes, overall, single, colors, metric, chance, alike)
    names = [
        f"{shortened(score, 30)} {_ARROWS.get(int(direction), '')}"
        for score, direction in zip(overall["score"], overall["direction"], strict=True)
    ]
    precision.set_yticks(range(len(names)), names)
    auroc.set_yticks(range(len(names)), [""] * len(names))
    precision.set_title("average precision")
    auroc.set_title("AUROC")
    return figure


def _groups(scores: Iterable[str], families: Mapping[str, str]) -> dict[str, list[str]]:
    """Family -> its scores, in the order of `scores`, in which families are ordered by their first."""
    found: dict[str, list[str]] = {}
    for score in scores:
        found.setdefault(families.get(score, OTHER), []).append(score)
    return found


def _draw_curves(axes: Axes, curves: pd.DataFrame, scores: list[str], hue: str, prevalence: float) -> None:
    """The curves of a family's scores, the best first; those of others grey behind them."""
    axes.plot((0, 1), (0, 1), gid="chance", **_CHANCE)
    if 0 < prevalence < 1:
        axes.plot((0, prevalence, 1), (0, 1, 1), gid="perfect", **_PERFECT)
    for score, rows in curves.groupby("score", sort=False):
        if score not in scores:
            axes.plot(rows["inspected"], rows["found"], color=_OTHERS, linewidth=0.7, zorder=1)
    named = {*scores[:_NAMED], scores[-1]}
    styles = dict(zip([score for score in scores if score in named], _STYLES, strict=False))
    for score in reversed(scores):
        rows, own = curves[curves["score"] == score], score in named
        style = styles[score] if own else {"linewidth": 0.8, "alpha": 0.45}
        name = shortened(score, 22) if own else None
        axes.plot(rows["inspected"], rows["found"], color=hue, gid=score, zorder=3, label=name, **style)
    axes.set(xlim=(0, 1), ylim=(0, 1.05))
    percent_ticks(axes.xaxis)
    percent_ticks(axes.yaxis)
    handles, labels = axes.get_legend_handles_labels()
    found = curves.loc[curves["score"].isin(scores), "found"].mean()
    place = "lower right" if np.isnan(found) or found > 0.5 else "upper left"
    box = {"frameon": True, "framealpha": 0.85, "edgecolor": "none", "borderpad": 0.2, "borderaxespad": 0.3}
    axes.legend(handles[::-1], labels[::-1], loc=place, fontsize=6.5, handlelength=2.2, labelspacing=0.2, **box)


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
    colors: Mapping[str, str],
    metric: str,
    chance: float,
    alike: Collection[str],
) -> None:
    axes.axvline(chance, gid="chance", **_CHANCE)
    for row, (_, values) in enumerate(overall.iterrows()):
        runs = single.loc[single["score"] == values["score"], metric].astype(float)
        _draw_row(axes, row, values, runs, colors[values["score"]], metric)
        text = "–" if pd.isna(values[metric]) else f"{values[metric]:.3f}"
        text += " =" if values["score"] in alike else ""
        style = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
        axes.annotate(text, (1, row), (4, 0), size=7, color=INK, **style)
    ends = [f"{metric}_low", *({f"{metric}_low_seeds"} & set(overall))]
    lowest = np.nanmin([chance, *overall[ends].astype(float).min(axis=1), *overall[metric], *single[metric]])
    axes.set(ylim=(len(overall) - 0.4, -0.6), xlim=(min(lowest, chance) - 0.03, 1.02))
    axes.tick_params(axis="y", length=0)


def _draw_row(axes: Axes, row: int, values: pd.Series, runs: pd.Series, color: str, metric: str) -> None:
    """The mean over seeds with its intervals, and below it the single seeds."""
    axes.plot(runs, np.full(len(runs), row + 0.3), "|", color=color, markersize=3, markeredgewidth=0.8, alpha=0.8)
    over_seeds = [values.get(f"{metric}_{end}_seeds", np.nan) for end in ("low", "high")]
    axes.hlines(row, *over_seeds, color=color, linewidth=0.7)
    axes.hlines(row, values[f"{metric}_low"], values[f"{metric}_high"], color=color, linewidth=1.8)
    gid = f"{metric} {values['score']}"
    axes.plot(values[metric], row, "o", color=color, markersize=4.2, gid=gid)


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
    text += " Colours are those of the families; of a family's curves the best four and the worst have their names."
    if differences is not None and differences["low"].notna().any():
        text += " =: not shown to differ from the best (95 % interval of the paired difference)."
    return [text]
