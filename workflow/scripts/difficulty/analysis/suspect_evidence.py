"""What speaks for and against the labels that are looked at first: predictions over the epochs, and images alike."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.feature_tables import vectors_of
from difficulty.scores.record_arrays import RecordArrays
from difficulty.scores.record_file import RecordFile
from difficulty.tables import Column, Schema

EVIDENCE = Schema(
    "evidence",
    {
        "example_id": Column(pa.int64(), "as in the examples; the most suspect labels first"),
        "epochs": Column(pa.list_(pa.int32()), "epochs of the predictions"),
        "agreeing": Column(pa.list_(pa.float32()), "share of the runs that predict the given label, per epoch"),
        "predicted": Column(pa.list_(pa.int32()), "class that most runs predict, per epoch; the lowest of several"),
        "held_out": Column(
            pa.float64(), "the same share among runs that held it out, after the last epoch of each", True
        ),
        "neighbors": Column(pa.list_(pa.int64()), "training examples with the most similar features, nearest first"),
    },
    key=("example_id",),
)

_MOST = 1000  # examples
_NEIGHBORS = 8
_COLUMNS = ("role", "predicted", "correct")
_MOST_EPOCHS = 40


def evidence_table(
    suspects: Sequence[int], records: Iterable[Path], examples: Sequence[int], features: Path | None
) -> pd.DataFrame:
    """Rows of EVIDENCE, of the first thousand suspects.

    suspects: example_id, the most suspect first. records: of all runs. examples: example_id of all training examples.
    features: the table of the images' features, if there is one.
    """
    first = [int(name) for name in suspects[:_MOST]]
    table = predictions_over_epochs(records, first)
    table["neighbors"] = _similar(first, features, np.asarray(examples)) if features else [[] for _ in first]
    return table.reset_index(names="example_id")


def _similar(asked: list[int], features: Path, examples: np.ndarray) -> list[list[int]]:
    """The training examples whose features are most similar to those of each; none for one that has no features."""
    positions, vectors = vectors_of(features, examples)
    known = examples[positions]
    rows = {name: row for row, name in enumerate(known.tolist())}
    having = [name for name in asked if name in rows]
    places = nearest_images(vectors, np.array([rows[name] for name in having], int), _NEIGHBORS)
    nearest = dict(zip(having, known[places].tolist(), strict=True))
    return [nearest.get(name, []) for name in asked]


def predictions_over_epochs(records: Iterable[Path], example_ids: Sequence[int]) -> pd.DataFrame:
    """What runs predict of some examples, in their order: columns epochs, agreeing, predicted and held_out of EVIDENCE.

    records: of all runs, read a block at a time. Runs that were trained on an example count for the epochs, and those
    that held it out, after the last epoch of each, for the last column; where all held it out, they count for the
    epochs as well. Of more than 40 epochs as many are taken, evenly spread, the first and the last among them.
    """
    wanted = list(example_ids)
    rows = pd.concat(_rows_of(block, wanted) for path in records for block in RecordFile(path).blocks(_COLUMNS))
    held_out = rows["role"] == "validation"
    last = rows[held_out & rows["is_last"]].groupby("example_id")["correct"].mean()
    epochs = np.unique(rows["epoch"])
    spread = np.round(np.linspace(0, max(len(epochs) - 1, 0), min(len(epochs), _MOST_EPOCHS))).astype(int)
    rows = rows[rows["epoch"].isin(epochs[spread])]
    held_out = rows["role"] == "validation"
    trained = rows if held_out.all() else rows[~held_out]
    groups = trained.groupby(["example_id", "epoch"])
    found = groups.agg(agreeing=("correct", "mean"), predicted=("predicted", _commonest))
    lists = found.reset_index().groupby("example_id")[["epoch", "agreeing", "predicted"]].agg(list)
    lists = lists.rename(columns={"epoch": "epochs"}).reindex(wanted)
    for name in lists:
        lists[name] = [each if isinstance(each, list) else [] for each in lists[name]]
    return lists.assign(held_out=last.reindex(wanted))


def _rows_of(block: RecordArrays, wanted: list[int]) -> pd.DataFrame:
    """The rows of some examples that are no test images: columns example_id, epoch, role, predicted and correct.

    is_last: whether the epoch is the last one of the run.
    """
    places = np.flatnonzero(np.isin(block.example_id, wanted) & (block.role != "test"))
    rows = {
        "example_id": np.tile(block.example_id[places], block.epochs),
        "epoch": np.repeat(np.arange(1, block.epochs + 1, dtype=np.int32), len(places)),
        "role": np.tile(block.role[places], block.epochs),
        "is_last": np.repeat(np.arange(1, block.epochs + 1) == block.epochs, len(places)),
    }
    return pd.DataFrame(rows | {name: block[name][:, places].ravel() for name in ("predicted", "correct")})


def nearest_images(vectors: np.ndarray, asked: np.ndarray, count: int) -> np.ndarray:
    """For each of the rows `asked` (m,) the `count` most similar others by cosine, or all of fewer, nearest first.

    vectors: float32 (N, D). Returns positions, int64 (m, k).
    """
    from sklearn.neighbors import NearestNeighbors  # a second that lists without features do not need

    count = min(count, len(vectors) - 1)
    found = NearestNeighbors(metric="cosine").fit(vectors).kneighbors(vectors[asked], count + 1, return_distance=False)
    is_own = found == asked[:, None]
    is_own[~is_own.any(axis=1), -1] = True  # so many are identical with it that it is not among them itself
    return found[~is_own].reshape(len(asked), count)


def _commonest(values: pd.Series) -> int:
    return int(np.bincount(values).argmax())
