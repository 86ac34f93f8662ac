"""How VoG is spread over the examples, early against late, and where labels were planted wrong."""

from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from difficulty.analysis.vog_correlation import OVERALL, VOG_CORRELATION
from difficulty.analysis.vog_label_noise import VOG_LABEL_NOISE
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DASHED, DOTTED, add_legend, new_figure, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks, say_empty
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK, PRISTINE, ROLE_COLORS
from difficulty.figures.style.text import counted, short_number
from difficulty.scores.collect import SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import read_schema, read_table

INPUTS = {"scores": ONE, "correlation": ONE, "label_noise": ONE}

_PANEL = (2.7, 2.3)
_SCATTER = 3.1
_MOST_BESIDE = 4
_MOST_POINTS = 5000
_BINS = 45


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads variance of gradients in every stage, and how far stages agree with each other and with label noise."""
    stages = dict(settings["stages"])
    return vog_stages_figure(
        _scores_by_role(inputs.scores, stages),
        read_table(inputs.correlation, VOG_CORRELATION),
        read_table(inputs.label_noise, VOG_LABEL_NOISE),
        stages,
        f"{inputs.scores.parent.name}: does variance of gradients order images alike early and late?",
    )


def _scores_by_role(path: Path, stages: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Role -> columns vog_{stage}, is_corrupt and runs_{role} of its examples, for the roles that have VoG."""
    columns, tables = read_schema(path).columns, {}
    for role, suffix in ROLE_SUFFIXES.items():
        names = {f"vog_{stage}{suffix}": f"vog_{stage}" for stage in stages}
        if names.keys() <= columns.keys():
            table = read_table(path, SCORES, [*names, "is_corrupt", f"runs_{role}"])
            tables[role] = table[table[f"runs_{role}"] > 0].rename(columns=names)
    return tables


def compared_stages(stages: Mapping[str, Sequence[int]]) -> tuple[str, str] | None:
    """The two stages furthest apart of which one ends before the other begins, in this order; None if there are none.

    stages: stage -> epochs. VoG of stages with common checkpoints is correlated by what they share.
    """
    pairs = [(a, b) for a in stages for b in stages if max(stages[a]) < min(stages[b])]
    return max(pairs, key=lambda pair: min(stages[pair[1]]) - max(stages[pair[0]]), default=None)


@styled()
def vog_stages_figure(
    tables: Mapping[str, pd.DataFrame],
    correlation: pd.DataFrame,
    label_noise: pd.DataFrame,
    stages: Mapping[str, Sequence[int]],
    title: str,
) -> Figure:
    """Above: one stage against another, a panel per role. Below: the distribution of VoG in every stage.

    tables: role -> vog_{stage} (normalised within class, NaN where undefined) and is_corrupt, one row per example; the
    distributions are those of the first role. correlation, label_noise: columns of VOG_CORRELATION, VOG_LABEL_NOISE.
    """
    tables = {role: table for role, table in tables.items() if table[_columns(stages)].notna().any(axis=None)}
    if not tables:
        return empty_figure(title, "no example has a defined VoG: each class has one member")
    pair = compared_stages(stages)
    role, table = next(iter(tables.items()))
    columns = min(len(stages), _MOST_BESIDE)
    lines = -(-len(stages) // columns)
    heights = [_SCATTER] * bool(pair) + [lines * _PANEL[1]]
    width = max(columns * _PANEL[0], (_SCATTER + 0.5) * len(tables) * bool(pair), 5.2)
    figure, below = new_figure(width, sum(heights), title, _notes(tables, stages, pair, role))
    corrupt = {name: int(part["is_corrupt"].sum()) for name, part in tables.items()}
    if any(corrupt.values()):
        add_legend(figure, below, _legend(corrupt[role]))
    outer = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    if pair:
        inner = outer[0].subgridspec(1, len(tables))
        for place, (name, part) in enumerate(tables.items()):
            _draw_pair(figure.add_subplot(inner[place]), part, pair, _found(correlation, name, pair), name)
    inner = outer[-1].subgridspec(lines, columns)
    panels = [figure.add_subplot(inner[place // columns, place % columns]) for place in range(len(stages))]
    tests = label_noise if role == "train" else label_noise[:0]
    _draw_distributions(panels, table, stages, tests, role)
    for axes in panels[::columns]:
        axes.set_ylabel("share of the examples")
    return figure


def _draw_distributions(
    panels: Sequence[Axes], table: pd.DataFrame, stages: Iterable[str], label_noise: pd.DataFrame, role: str
) -> None:
    """A panel per stage, with its test of label noise if there is one."""
    edges, is_corrupt = _edges(table[_columns(stages)].to_numpy(float)), table["is_corrupt"].to_numpy(bool)
    for axes, stage in zip(panels, stages, strict=True):
        test = label_noise[label_noise["score"] == f"vog_{stage}"]
        _draw_distribution(axes, table[f"vog_{stage}"].to_numpy(float), is_corrupt, edges, role)
        axes.set_title(stage if test.empty else f"{stage}\n{_tested(test.iloc[0])}")
        axes.set_xlabel("VoG (z-score within label)")


def _columns(stages: Iterable[str]) -> list[str]:
    return [f"vog_{stage}" for stage in stages]


def _found(correlation: pd.DataFrame, role: str, pair: tuple[str, str]) -> str:
    own = correlation["role"].eq(role) & correlation["compared"].eq(OVERALL)
    rows = correlation[own & correlation["vog"].eq(f"vog_{pair[0]}") & correlation["score"].eq(f"vog_{pair[1]}")]
    if rows.empty or rows["spearman"].isna().any():
        return "Spearman not defined"
    center, low, high = rows[["spearman", "low", "high"]].iloc[0]
    return f"Spearman {short_number(center)} ({short_number(low)}, {short_number(high)})"


def _draw_pair(axes: Axes, table: pd.DataFrame, pair: tuple[str, str], found: str, role: str) -> None:
    x, y = (table[f"vog_{stage}"].to_numpy(float) for stage in pair)
    corrupt = table["is_corrupt"].to_numpy(bool)
    if len(table) > _MOST_POINTS:
        defined = ~np.isnan(x) & ~np.isnan(y)
        axes.hexbin(x[defined], y[defined], gridsize=60, bins="log", mincnt=1, cmap="Greys", linewidths=0, zorder=1)
    else:
        style = {"s": 7, "linewidths": 0, "alpha": 0.6, "rasterized": True}
        color = PRISTINE if corrupt.any() else ROLE_COLORS[role]
        axes.scatter(x[~corrupt], y[~corrupt], color=color, gid=f"examples {role}", **style)
    if corrupt.any():
        style = {"s": 9, "linewidths": 0, "alpha": 0.9, "rasterized": True, "zorder": 3}
        axes.scatter(x[corrupt], y[corrupt], color=CORRUPT, gid="corrupt", **style)
    axes.axline((0, 0), slope=1, color=FAINT_INK, linewidth=0.7, linestyle=DOTTED, zorder=1)
    axes.set(xlabel=f"VoG, {pair[0]}", ylabel=f"VoG, {pair[1]}")
    axes.set_title(f"{role}: {found}", color=ROLE_COLORS[role])


def _edges(values: np.ndarray) -> np.ndarray:
    low, high = np.nanmin(values), np.nanmax(values)
    return np.linspace(low, high if high > low else low + 1, _BINS + 1)


def _draw_distribution(axes: Axes, values: np.ndarray, corrupt: np.ndarray, edges: np.ndarray, role: str) -> None:
    defined = ~np.isnan(values)
    groups = {"corrupt": (CORRUPT, corrupt), "others": (PRISTINE if corrupt.any() else ROLE_COLORS[role], ~corrupt)}
    for name, (color, members) in groups.items():
        own = values[members & defined]
        if len(own):
            share = np.full(len(own), 1 / len(own))
            axes.hist(own, edges, weights=share, color=color, alpha=0.3, histtype="stepfilled")
            axes.hist(own, edges, weights=share, color=color, histtype="step", linewidth=1.2, gid=name)
            axes.axvline(np.median(own), color=color, linewidth=1.2, linestyle=DASHED)
    percent_ticks(axes.yaxis)
    if not defined.any():
        say_empty(axes, "not defined")


def _tested(row: pd.Series) -> str:
    p = "p < 1e-300" if row["p_value"] < 1e-300 else f"p = {row['p_value']:.1g}"
    return f"AUROC {row['auroc']:.3f}, {p}"


def _legend(corrupt: int) -> list:
    style = {"linewidth": 0, "alpha": 0.6}
    return [
        Patch(color=CORRUPT, label=f"planted wrong label ({corrupt:,})", **style),
        Patch(color=PRISTINE, label="other labels", **style),
        Line2D([], [], color=INK, linewidth=1.2, linestyle=DASHED, label="median"),
    ]


def _notes(tables: Mapping[str, pd.DataFrame], stages: Mapping, pair: tuple[str, str] | None, role: str) -> list[str]:
    table = tables[role]
    text = "VoG as z-score within the given label, mean over runs."
    if pair:
        first, second = (_epochs(stages, stage) for stage in pair)
        text += f" Above: {pair[0]} (checkpoints {first}) against {pair[1]} ({second})."
        text += " Points are examples" if len(table) <= _MOST_POINTS else " Grey: number of examples, logarithmic"
        text += "; Spearman's correlation with its 95 % bootstrap interval."
    elif len(stages) > 1:
        text += " No two stages follow one another without common checkpoints, so none are compared."
    text += f" {'Below: ' if pair else ''}{counted(len(table), f'{role} example')} in every stage, dashed the median"
    if table["is_corrupt"].any():
        text += (
            ", each group's shares adding up to 100\u00a0%. AUROC: the probability that an example with a planted "
            "wrong label has the higher VoG (0.5: no difference), with the two-sided Mann–Whitney p value"
        )
    undefined = int(table[_columns(stages)].isna().any(axis=1).sum())
    left_out = (
        f" Left out, as VoG is undefined within their class: {counted(undefined, 'example')}." if undefined else ""
    )
    return [f"{text}.{left_out}"]


def _epochs(stages: Mapping[str, Sequence[int]], stage: str) -> str:
    epochs = stages[stage]
    return ", ".join(map(str, epochs)) if len(epochs) <= 5 else f"{epochs[0]} to {epochs[-1]}"
