"""Data map: how sure a network is of each example, against how much that changes during training.

After Swayamdipta et al. 2020, "Dataset cartography", arXiv 2009.10795.
"""

from argparse import Namespace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import SEQUENTIAL, add_legend, new_figure, styled
from difficulty.figures.style.axes import integer_ticks, percent_ticks, say_empty
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK
from difficulty.figures.style.text import counted, percent
from difficulty.scores.collect import SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import read_schema, read_table

INPUTS = {"scores": ONE}

_MAPPED = ("confidence", "variability", "correctness")
_BAR = "#9a9a9a"
_BINS = 40
_LARGEST_VARIABILITY = 0.5


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the scores of the training examples, which some records have by networks that have not seen them."""
    stored = read_schema(inputs.scores).columns
    role = "train" if _MAPPED[0] in stored else "validation"
    names, count = [f"{name}{ROLE_SUFFIXES[role]}" for name in _MAPPED], f"runs_{role}"
    scores = read_table(inputs.scores, SCORES, [*names, "is_corrupt", count])
    scores = scores[scores[count] > 0]
    values = [scores[name].to_numpy(float) for name in names]
    runs = int(scores[count].max()) if len(scores) else None
    held_out = ", held out" * (role != "train")
    title = f"{inputs.scores.parent.name}: which training images are easy, ambiguous, hard{held_out}?"
    return data_map_figure(*values, title, scores["is_corrupt"].to_numpy(bool), runs)


@styled()
def data_map_figure(
    confidence: np.ndarray,
    variability: np.ndarray,
    correctness: np.ndarray,
    title: str,
    is_corrupt: np.ndarray | None = None,
    runs: int | None = None,
) -> Figure:
    """Variability against confidence, coloured by correctness, with the distribution of each next to it.

    confidence, variability, correctness: float (N,), NaN where undefined (left out). is_corrupt: bool (N,), circled.
    runs: number of runs that the values are means of.
    """
    defined = ~np.isnan(confidence) & ~np.isnan(variability) & ~np.isnan(correctness)
    corrupt = np.zeros(len(defined), bool) if is_corrupt is None else np.asarray(is_corrupt, bool)
    left_out = int((~defined).sum())
    confidence, variability, correctness, corrupt = (
        values[defined] for values in (confidence, variability, correctness, corrupt)
    )
    figure, below = new_figure(6.4, 4.9, title, _notes(len(confidence), left_out, corrupt, runs))
    if not len(confidence):
        say_empty(figure.add_subplot(), "no example has a defined confidence, variability and correctness")
        return figure
    grid = figure.add_gridspec(2, 3, width_ratios=(5, 1, 0.55), height_ratios=(1, 5))
    axes = figure.add_subplot(grid[1, 0])
    above = figure.add_subplot(grid[0, 0], sharex=axes)
    beside = figure.add_subplot(grid[1, 1], sharey=axes)
    count = figure.add_subplot(grid[1, 2])
    _draw_map(axes, confidence, variability, correctness, corrupt)
    _draw_marginal(above, variability, corrupt, (0, axes.get_xlim()[1]), "vertical")
    _draw_marginal(beside, confidence, corrupt, (0, 1), "horizontal")
    _draw_correctness(count, correctness)
    if corrupt.any():
        add_legend(figure, below, axes.get_legend_handles_labels()[0])
    return figure


def _draw_map(axes: Axes, confidence, variability, correctness, corrupt) -> None:
    size = float(np.clip(6000 / len(confidence), 1.2, 12))
    # Where many points lie on each other, the rare ones (least correct) must not be hidden.
    order = np.argsort(-correctness, kind="stable")
    axes.scatter(
        variability[order],
        confidence[order],
        c=correctness[order],
        cmap=SEQUENTIAL,
        vmin=0,
        vmax=1,
        s=size,
        linewidths=0,
        alpha=0.85,
        rasterized=True,
        gid="examples",
    )
    if corrupt.any():
        axes.scatter(
            variability[corrupt],
            confidence[corrupt],
            s=size + 14,
            facecolors="none",
            edgecolors=CORRUPT,
            linewidths=0.8,
            rasterized=True,
            label=f"planted wrong label ({corrupt.sum():,})",
            gid="corrupt",
        )
    right = max(0.1, min(1.06 * variability.max(), _LARGEST_VARIABILITY * 1.02))
    axes.set(xlim=(-0.02 * right, right), ylim=(-0.085, 1.085), yticks=np.linspace(0, 1, 6))
    axes.set_xlabel("variability (its standard deviation over epochs)")
    axes.set_ylabel("confidence (mean probability of the given label)")
    style = {"color": FAINT_INK, "size": 8, "style": "italic", "va": "center"}
    axes.text(0.01 * right, 1.05, "easy", **style)
    outline = [withStroke(linewidth=2, foreground="white")]
    axes.text(0.97 * right, 0.5, "ambiguous", ha="right", path_effects=outline, zorder=5, **style)
    axes.text(0.01 * right, -0.05, "hard", **style)


def _draw_marginal(axes: Axes, values, corrupt, limits: tuple[float, float], orientation: str) -> None:
    edges = np.linspace(*limits, _BINS + 1)
    axes.hist(values, edges, orientation=orientation, color=_BAR)
    if corrupt.any():
        axes.hist(values[corrupt], edges, orientation=orientation, color=CORRUPT)
    axes.tick_params(**{"labelbottom" if orientation == "vertical" else "labelleft": False})
    own = axes.yaxis if orientation == "vertical" else axes.xaxis
    own.set_label_text("examples")
    integer_ticks(own, 2)
    axes.grid(False)


def _draw_correctness(axes: Axes, correctness: np.ndarray) -> None:
    """The colour scale, and how many examples have each colour."""
    edges = np.linspace(0, 1, 11)
    counts = np.histogram(correctness, edges)[0]
    colors = ScalarMappable(Normalize(0, 1), SEQUENTIAL).to_rgba((edges[:-1] + edges[1:]) / 2)
    axes.barh(edges[:-1], 1, height=0.1, align="edge", color=colors)
    for low, number in zip(edges, counts, strict=False):
        color = "white" if low < 0.5 else INK
        axes.text(0.5, low + 0.05, f"{number:,}", ha="center", va="center", size=6.5, color=color)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=(0, 0.5, 1), ylabel="correctness (share of epochs)")
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    percent_ticks(axes.yaxis)
    axes.spines[:].set_visible(False)
    axes.grid(False)


def _notes(shown: int, left_out: int, corrupt: np.ndarray, runs: int | None) -> list[str]:
    text = counted(shown, "example")
    if runs:
        text += f", means over {counted(runs, 'run')}"
    if corrupt.any():
        text += f"; {corrupt.sum():,} ({percent(corrupt.mean(), 1)}) with a planted wrong label"
    if left_out:
        text += f"; {counted(left_out, 'example')} with undefined values left out"
    return [f"{text}. Colour: share of epochs in which the given label was predicted, with the number of examples."]
