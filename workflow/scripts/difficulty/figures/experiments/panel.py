"""Images x epochs x networks, right or wrong: the picture behind agreement.

After figure 1 of Pliushch et al. 2022, "When deep classifiers agree", arXiv 2105.08997. Shapes: K runs
(networks), E epochs, N examples.
"""

from argparse import Namespace
from collections.abc import Sequence
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
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import experiment_of, run_of
from difficulty.tables import read_table
from difficulty.training.run_tables import RECORDS

INPUTS = {"records": SEVERAL, "labels": ONE}

MOST_NETWORKS = 6
_LEAST_COLUMNS = 24
_ABSENT = "#ececec"
_SHARE_RIGHT = LinearSegmentedColormap.from_list("share right", [ALL_WRONG, WRONG, RIGHT, ALL_RIGHT])


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads labels, and of the records of all runs which images of the split are right."""
    split = settings["split"]
    labels = read_table(inputs.labels, LABELS, ["example_id", "split", "is_corrupt"])
    labels = labels[labels["split"] == split].sort_values("example_id")
    correct, present = _right_or_wrong(inputs.records, split, labels["example_id"].to_numpy())
    images = "training" if split == "train" else split
    return panel_figure(
        correct,
        [run_of(path) for path in inputs.records],
        f"{experiment_of(inputs.records[0])}: which {images} images are right, and when?",
        present,
        labels["is_corrupt"].to_numpy(),
        settings["examples"],
    )


def _right_or_wrong(records: Sequence[Path], role: str, example_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(which examples of a role each run has right after each epoch, bool (K, T, N); which it has, bool (K, N)).

    Training examples that no run is trained on are held out by all of them. records: paths, of K runs; example_ids:
    ascending (N,).
    """
    runs = [
        stored_records(read_table(path, RECORDS, ["example_id", "epoch", "role", "correct"]), path) for path in records
    ]
    if role == "train" and not any(role in run.roles() for run in runs):
        role = "validation"
    runs = [run.of_role(role) for run in runs]
    correct = np.zeros((len(runs), max(run.epochs for run in runs), len(example_ids)), bool)
    present = np.zeros((len(runs), len(example_ids)), bool)
    for number, run in enumerate(runs):
        place = np.searchsorted(example_ids, run.example_id)
        correct[number, :, place] = run["correct"].T
        present[number, place] = True
    return correct, present


def order_examples(correct: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Positions of the examples, from most to least often right; equally often: agreed on earlier first.

    correct: bool (K, E, N); present: bool (K, N), whether a run counts for an example.
    """
    counted_right = (correct & present[:, None]).sum(axis=(0, 1))
    share = counted_right / np.maximum(present.sum(axis=0), 1)
    agreed = (correct | ~present[:, None]).all(axis=0)
    first_agreed = np.where(agreed.any(axis=0), agreed.argmax(axis=0), len(agreed))
    return np.lexsort((first_agreed, -share))


@styled()
def panel_figure(
    correct: np.ndarray,
    runs: list[str],
    title: str,
    present: np.ndarray | None = None,
    is_corrupt: np.ndarray | None = None,
    examples: int = 100,
) -> Figure:
    """One block per network: rows are images, columns epochs, colours right or wrong; last, how many are right.

    correct: bool (K, E, N). present: bool (K, N), False where a run does not count for an example (it has another
    role there). is_corrupt: bool (N,), marked at the left. examples: rows shown, evenly spread over the order.
    """
    networks, epochs, total = correct.shape
    present = np.ones((networks, total), bool) if present is None else present
    kept = np.flatnonzero(present.any(axis=0))
    if not (networks and epochs and len(kept)):
        return empty_figure(title, "no predictions of these images", width=7.6)
    order = kept[order_examples(correct[:, :, kept], present[:, kept])]
    positions = spread_out(len(order), examples)
    rows = order[positions]
    drawn = min(networks, MOST_NETWORKS)
    figure, below = new_figure(7.6, 6.2, title, _notes(len(rows), len(order), drawn, networks))
    any_corrupt = is_corrupt is not None and bool(is_corrupt[rows].any())
    add_legend(figure, below, _legend(networks, present[:, rows].all(), any_corrupt))
    axes = figure.add_subplot()
    image, starts, end = _paint_blocks(correct[:, :, rows], present[:, rows], drawn)
    axes.imshow(image, aspect="auto", interpolation="nearest", extent=(0, end, len(rows), 0))
    accuracy = [correct[k, -1, kept[present[k, kept]]].mean() if present[k].any() else np.nan for k in range(drawn)]
    _label_blocks(axes, runs, accuracy, starts, epochs, networks)
    margin = 0.012 * end
    axes.set(xlim=(-margin, end), ylim=(len(rows), 0), ylabel="images, easiest first", xlabel="epoch")
    ticks = np.linspace(0, 1, 5)
    axes.set_yticks(ticks * len(rows), [percent(tick) for tick in ticks])
    if any_corrupt:
        marked = np.flatnonzero(is_corrupt[rows])
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
