"""Images x epochs x networks, right or wrong: the picture behind agreement.

After figure 1 of Pliushch et al. 2022, "When deep classifiers agree", arXiv 2105.08997. Shapes: K runs
(networks), E epochs, N examples.
"""

from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from difficulty.datasets.example_tables import LABELS
from difficulty.figures.inputs import ONE, SEVERAL
from difficulty.figures.style.appearance import add_legend, new_figure, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.mosaic import spread_out
from difficulty.figures.style.palette import ALL_RIGHT, ALL_WRONG, CORRUPT, FAINT_INK, INK, RIGHT, WRONG
from difficulty.figures.style.text import counted, percent, shortened
from difficulty.scores.record_file import RecordFile, blocks_of_runs
from difficulty.scores.runs import experiment_of, run_of
from difficulty.tables import read_table

INPUTS = {"records": SEVERAL, "labels": ONE}

MOST_NETWORKS = 6
_LEAST_COLUMNS = 24
_ABSENT = "#ececec"
_SHARE_RIGHT = LinearSegmentedColormap.from_list("share right", [ALL_WRONG, WRONG, RIGHT, ALL_RIGHT])


@dataclass(frozen=True)
class Panel:
    """What is drawn of K runs over E epochs: R of N examples, in the order of all, the easiest first.

    correct: bool (K, E, R). present: bool (K, R), False where a run does not count for an example (it has another
    role there). accuracy: float (K,), after the last epoch over all examples that count for a run, NaN where none does.
    shown: (R,), ids. examples: N.
    """

    correct: np.ndarray
    present: np.ndarray
    accuracy: np.ndarray
    shown: np.ndarray
    examples: int


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads labels, and of the records of all runs which images of the split are right."""
    split = settings["split"]
    panel = panel_of(partial(_right_or_wrong, inputs.records, split), settings["examples"])
    labels = read_table(inputs.labels, LABELS, ["example_id", "is_corrupt"]).set_index("example_id")
    images = "training" if split == "train" else split
    title = f"{experiment_of(inputs.records[0])}: which {images} images are right, and when?"
    is_corrupt = labels["is_corrupt"].loc[panel.shown].to_numpy()
    return panel_figure(panel, [run_of(path) for path in inputs.records], title, is_corrupt)


def _right_or_wrong(records: Sequence[Path], role: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of some examples after the other: their ids (n,), which each run has right after each epoch, bool (K, E, n), and
    which have the role in it, bool (K, n).

    records: paths, of K runs. Training examples that no run is trained on are held out by all of them.
    """
    files = [RecordFile(path) for path in records]
    epochs = max(file.epochs for file in files)
    if role == "train" and not any(role in file.of_epoch(1, ["role"]).roles() for file in files):
        role = "validation"
    for runs in blocks_of_runs(records, ["role", "correct"]):
        roles = [run.role for run in runs]
        present = np.stack([each == role for each in roles])
        correct = np.zeros((len(runs), epochs, len(roles[0])), bool)
        for number, run in enumerate(runs):
            correct[number, : run.epochs] = run["correct"]
        yield runs[0].example_id, correct, present


def panel_of(blocks: Callable[[], Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]], limit: int) -> Panel:
    """The panel of the examples that any run counts for, of which `limit` are shown, evenly spread over their order.

    blocks: gives ids (n,), correct, bool (K, E, n), and present, bool (K, n), of some examples after the other, twice:
    for the order of all, and for those that are shown.
    """
    ids, ease, hits, counts = [], [], 0, 0
    for block_ids, correct, present in blocks():
        kept = present.any(axis=0)
        ids.append(block_ids[kept])
        ease.append(_ease(correct[:, :, kept], present[:, kept]))
        hits = hits + (correct[:, -1] & present).sum(axis=1)
        counts = counts + present.sum(axis=1)
    ids, (share, first_agreed) = np.concatenate(ids), np.concatenate(ease, axis=1)
    order = ids[np.lexsort((ids, first_agreed, -share))]
    shown = order[spread_out(len(order), limit)]
    parts = []
    for block_ids, correct, present in blocks():
        chosen = np.isin(block_ids, shown)
        parts.append((block_ids[chosen], correct[:, :, chosen], present[:, chosen]))
    found, correct, present = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
    places = np.argsort(found)[np.searchsorted(np.sort(found), shown)]
    accuracy = np.divide(hits, counts, where=counts > 0, out=np.full(len(counts), np.nan))
    return Panel(correct[:, :, places], present[:, places], accuracy, shown, len(order))


def _ease(correct: np.ndarray, present: np.ndarray) -> np.ndarray:
    """How often each example is right, over runs and epochs, and the first epoch when all runs have it right, (2, N).

    correct: bool (K, E, N); present: bool (K, N), whether a run counts for an example.
    """
    share = (correct & present[:, None]).sum(axis=(0, 1)) / np.maximum(present.sum(axis=0), 1)
    agreed = (correct | ~present[:, None]).all(axis=0)
    return np.stack([share, np.where(agreed.any(axis=0), agreed.argmax(axis=0), len(agreed))])


@styled()
def panel_figure(panel: Panel, runs: list[str], title: str, is_corrupt: np.ndarray | None = None) -> Figure:
    """One block per network: rows are images, columns epochs, colours right or wrong; last, how many are right.

    is_corrupt: bool (R,), marked at the left.
    """
    networks, epochs, rows = panel.correct.shape
    if not (networks and epochs and rows):
        return empty_figure(title, "no predictions of these images", width=7.6)
    drawn = min(networks, MOST_NETWORKS)
    figure, below = new_figure(7.6, 6.2, title, _notes(rows, panel.examples, drawn, networks))
    any_corrupt = is_corrupt is not None and bool(is_corrupt.any())
    add_legend(figure, below, _legend(networks, panel.present.all(), any_corrupt))
    axes = figure.add_subplot()
    image, starts, end = _paint_blocks(panel.correct, panel.present, drawn)
    axes.imshow(image, aspect="auto", interpolation="nearest", extent=(0, end, rows, 0))
    _label_blocks(axes, runs, list(panel.accuracy[:drawn]), starts, epochs, networks)
    margin = 0.012 * end
    axes.set(xlim=(-margin, end), ylim=(rows, 0), ylabel="images, easiest first", xlabel="epoch")
    ticks = np.linspace(0, 1, 5)
    axes.set_yticks(ticks * rows, [percent(tick) for tick in ticks])
    if any_corrupt:
        marked = np.flatnonzero(is_corrupt)
        axes.hlines(marked + 0.5, -0.85 * margin, -0.2 * margin, color=CORRUPT, linewidth=2.5, gid="corrupt")
    return figure


def _paint_blocks(correct: np.ndarray, present: np.ndarray, drawn: int) -> tuple[np.ndarray, list[float], float]:
    """The picture as RGB in 0 ... 1, (rows, columns, 3); where each block starts and the last ends, in epochs."""
    networks, epochs, rows = correct.shape
    zoom = ceil(_LEAST_COLUMNS / epochs)
    width = epochs * zoom
    gap = round(0.08 * width)
    counts = present[:, None]
    all_right = (correct | ~counts).all(axis=0)
    all_wrong = ~(correct & counts).any(axis=0)
    starts = [block * (width + gap) for block in range(drawn + (networks > 1))]
    image = np.ones((rows, starts[-1] + width, 3))
    for network in range(drawn):
        colors = np.where(correct[network][..., None], to_rgb(RIGHT), to_rgb(WRONG))
        colors[all_right & correct[network]] = to_rgb(ALL_RIGHT)
        colors[all_wrong & ~correct[network]] = to_rgb(ALL_WRONG)
        colors[:, ~present[network]] = to_rgb(_ABSENT)
        image[:, starts[network] : starts[network] + width] = colors.repeat(zoom, axis=0).transpose(1, 0, 2)
    if networks > 1:
        share = (correct & counts).sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
        image[:, starts[-1] :] = _SHARE_RIGHT(share.repeat(zoom, axis=0).T)[..., :3]
    return image, [start / zoom for start in starts], image.shape[1] / zoom


def _label_blocks(axes: Axes, runs: list[str], accuracy: list[float], starts: list[float], epochs: int, total: int):
    shown = np.unique(np.round(np.linspace(1, epochs, min(epochs, 3))).astype(int))
    ticks = [(start + epoch - 0.5, epoch) for start in starts for epoch in shown]
    axes.set_xticks([place for place, _ in ticks], [str(epoch) for _, epoch in ticks])
    if epochs > 20:
        for label, (_, epoch) in zip(axes.get_xticklabels(), ticks, strict=True):
            label.set_horizontalalignment({1: "left", epochs: "right"}.get(epoch, "center"))
    axes.grid(False)
    axes.spines[:].set_visible(False)
    limit = max(8, 70 // len(starts))
    headings = []
    for start, run, share in zip(starts, runs, accuracy, strict=False):
        lines = [shortened(line, limit) for line in run.replace("-fold-", "\nfold ").splitlines()]
        headings.append((start, "\n".join([*lines, percent(share, 1)]), INK))
    if total > 1:
        headings.append((starts[-1], f"share of {total}\nnetworks right", FAINT_INK))
    for start, text, color in headings:
        axes.annotate(
            text,
            (start + epochs / 2, 0),
            (0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=color,
            size=7.5,
        )


def _notes(rows: int, total: int, drawn: int, networks: int) -> list[str]:
    images = (
        counted(total, "image") if rows == total else f"{rows:,} of {total:,} images, evenly spread over their order"
    )
    blocks = "one block per network" if drawn == networks else f"{drawn} of {networks} networks shown"
    return [
        f"{images}: most often right at the top; {blocks}, accuracy of the last epoch over all images in its heading."
    ]


def _legend(networks: int, all_present: bool, any_corrupt: bool) -> list[Patch]:
    if networks == 1:
        handles = [Patch(color=ALL_RIGHT, label="right"), Patch(color=ALL_WRONG, label="wrong")]
    else:
        handles = [
            Patch(color=ALL_RIGHT, label="right in all networks"),
            Patch(color=RIGHT, label="right, not in all"),
            Patch(color=WRONG, label="wrong, not in all"),
            Patch(color=ALL_WRONG, label="wrong in all networks"),
        ]
    if not all_present:
        handles.append(Patch(color=_ABSENT, label="other role"))
    if any_corrupt:
        handles.append(Patch(color=CORRUPT, label="planted wrong label"))
    return handles
