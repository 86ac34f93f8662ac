"""Which labels are wrong, and how many? Probabilities down the list, pairs of classes, and, if known, the truth."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.analysis.calibration import calibration_table
from difficulty.analysis.label_errors.tables import LABEL_CONFUSION, LABEL_ERRORS
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DOTTED, new_figure, styled
from difficulty.figures.style.axes import empty_figure, integer_ticks, say_empty
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK
from difficulty.figures.style.text import counted, percent, shortened
from difficulty.scores.collect import SCORES
from difficulty.scores.label_error.thresholds import LIKELIER_WRONG
from difficulty.tables import read_table

INPUTS = {"scores": ONE, "errors": ONE, "confusion": ONE}

_PROBABILITY = "label_error_probability"
_PAIRS = 12
_SHOWN_FROM = 0.5  # expected labels
_COLOR = "#0072B2"
_BEYOND = 1.5  # how far down the list the curve reaches, in multiples of the largest number that may be wrong


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the estimates of an experiment, and which labels are known to be wrong."""
    scores = read_table(inputs.scores, SCORES, ["split", "is_corrupt", _PROBABILITY])
    return label_errors_figure(
        scores[scores["split"] == "train"],
        read_table(inputs.errors, LABEL_ERRORS).iloc[0],
        read_table(inputs.confusion, LABEL_CONFUSION),
        f"{inputs.scores.parent.name}: which labels are wrong, and how many?",
    )


@styled()
def label_errors_figure(scores: pd.DataFrame, errors: pd.Series, pairs: pd.DataFrame, title: str) -> Figure:
    """Left the probability of being wrong down the list; then the likeliest pairs of given and other class; right,
    where wrong labels are known, the share of wrong ones among labels of like probability.

    scores: is_corrupt and label_error_probability of the training images. errors: the row of LABEL_ERRORS. pairs: rows
    of LABEL_CONFUSION.
    """
    if pd.isna(errors["estimated_wrong"]):
        return empty_figure(title, errors["reason"], width=7.6)
    known = scores["is_corrupt"].to_numpy(bool)
    probability = scores[_PROBABILITY].to_numpy(np.float64, na_value=np.nan)
    figure, _ = new_figure(9.4 if known.any() else 6.6, 3.0, title, _notes(errors, known))
    axes = figure.subplots(1, 3 if known.any() else 2)
    _draw_list(axes[0], np.sort(probability[~np.isnan(probability)])[::-1], errors)
    _draw_pairs(axes[1], pairs)
    if known.any():
        _draw_calibration(axes[2], calibration_table(probability, known))
    return figure


def _notes(errors: pd.Series, known: np.ndarray) -> list[str]:
    number = f"{errors['estimated_wrong']:,.0f} (range {errors['low']:,.0f} to {errors['high']:,.0f})"
    lines = [f"Estimated number of wrong labels: {number} of {counted(int(errors['examples']), 'training label')}."]
    if errors["cut"]:
        shares = percent(errors["expected_precision"]), percent(errors["expected_recall"])
        lines[0] += (
            f" {counted(int(errors['cut']), 'label')} are likelier wrong than right; {shares[0]} of these are expected "
            f"to be wrong, {shares[1]} of all that are wrong."
        )
    if known.any():
        lines.append(f"Known to be wrong: {known.sum():,}, of which the estimate knows nothing.")
    return lines


def _draw_list(axes: Axes, probability: np.ndarray, errors: pd.Series) -> None:
    """probability: in falling order."""
    shown = min(max(int(_BEYOND * errors["high"]), 10), len(probability))
    ends = np.arange(shown + 1)  # the label of rank k is drawn from k - 1 to k
    heights = np.concatenate([probability[:1], probability[:shown]])
    axes.plot(ends, heights, color=_COLOR, drawstyle="steps-pre", gid="probability")
    axes.axhline(LIKELIER_WRONG, color=FAINT_INK, linestyle=DOTTED, linewidth=1)
    if cut := int(errors["cut"]):
        axes.axvline(cut, color=CORRUPT, linewidth=1.2, gid="cut")
        axes.annotate(f"cut: {cut:,}", (cut, 1), (4, -2), textcoords="offset points", size=7.5, color=INK, va="top")
    axes.set(xlim=(0, shown), ylim=(0, 1.02), xlabel="labels, most suspect first", ylabel="probability of being wrong")
    axes.set_title("how far down the list?")
    integer_ticks(axes.xaxis, 5)


def _draw_pairs(axes: Axes, pairs: pd.DataFrame) -> None:
    largest = pairs[pairs["expected"] >= _SHOWN_FROM].nlargest(_PAIRS, "expected")
    axes.set_title("which classes are confused?")
    if largest.empty:
        return say_empty(axes, f"no class is expected to be taken for another {_SHOWN_FROM:g} times or more")
    names = [
        f"{shortened(row.given_class, 14)}, likely {shortened(row.likely_class, 14)}" for row in largest.itertuples()
    ]
    axes.barh(np.arange(len(largest)), largest["expected"], color=_COLOR, height=0.7)
    for place, value in enumerate(largest["expected"]):
        text = f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
        axes.annotate(text, (value, place), (3, 0), textcoords="offset points", size=7, color=INK, va="center")
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(max(len(names), 4) - 0.4, -0.6), xlabel="expected number of labels")
    axes.margins(x=0.14)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _draw_calibration(axes: Axes, table: pd.DataFrame) -> None:
    axes.plot((0, 1), (0, 1), color=FAINT_INK, linestyle=DOTTED, linewidth=1)
    axes.vlines(table["predicted"], table["low"], table["high"], color=_COLOR, linewidth=1.4)
    axes.plot(table["predicted"], table["observed"], "o", color=_COLOR, markersize=4.5, gid="calibration")
    for row in table.itertuples():
        end, place, va = (row.high, 2, "bottom") if row.observed < 0.5 else (row.low, -2, "top")
        style = {"textcoords": "offset points", "size": 6.5, "color": FAINT_INK, "ha": "center", "va": va}
        axes.annotate(f"{row.examples:,}", (row.predicted, end), (0, place), **style)
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.03, 1.02), xlabel="estimated probability of being wrong", box_aspect=1)
    axes.set_ylabel("share that is wrong (95 % interval)")
    axes.set_title("are the probabilities right?")
