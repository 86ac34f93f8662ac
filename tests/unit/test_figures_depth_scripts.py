"""Figures of prediction depth, from the tables that they read."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.pixels import write_pixels
from difficulty.figures.prediction_depth.votes import StoredPredictions
from difficulty.scores.collect import RUN_SCORES, SCORES
from difficulty.scores.depth.tables import VOTES, depth_columns
from difficulty.scores.record_file import RecordFile
from difficulty.tables import Column, write_table
from difficulty.training import record_files
from difficulty.training.run_tables import RECORDS
from tests.support.depth_stand_ins import PROBES, make_images, make_votes
from tests.support.drawn_figures import drawn_figure


def write_dataset(folder, count, classes):
    label = np.arange(count) % classes
    examples = pd.DataFrame(
        {
            "example_id": np.arange(count),
            "split": np.where(np.arange(count) < count - 4, "train", "test"),
            "key": [str(number) for number in range(count)],
            "original_index": np.arange(count),
            "label": label,
            "class_name": [f"class {number}" for number in label],
            "file": "",
            "sha256": "",
            "duplicate_of": pd.array([None] * count, "Int64"),
        }
    )
    write_table(examples, folder / "examples.parquet", EXAMPLES)
    write_pixels(folder / "pixels.parquet", examples["example_id"].to_numpy(), make_images(count), {})
    return examples


def write_experiment(folder, examples, depth):
    """Scores, a family and the votes and records of one run; the records are of another order than the votes."""
    count, runs = len(examples), {f"runs_{role}": np.int16(1) for role in ("train", "validation", "test")}
    scores = examples[["example_id", "split", "class_name", "label"]]
    scores = scores.assign(clean_label=scores["label"], is_corrupt=False, **runs)
    columns = {"prediction_depth": depth, "prediction_depth_validation": depth[::-1]}
    described = {name: Column(pa.float32(), "mean", nullable=True) for name in columns}
    write_table(scores.assign(**columns), folder / "scores.parquet", SCORES.extended(described))
    family = examples[["example_id"]].assign(run="seed-3", role=examples["split"], prediction_depth=depth)
    family = family.assign(prediction_depth_undefined=np.isnan(depth), probe_ties=0.0)
    schema = RUN_SCORES.extended(depth_columns(len(PROBES)))
    write_table(family, folder / "family.parquet", schema, {"probes": PROBES})
    made = make_votes(depth)
    votes = pd.DataFrame({"example_id": np.repeat(np.arange(count), len(PROBES)), "tied": False})
    votes["probe"] = np.tile(np.arange(len(PROBES)), count)
    votes["predicted"], votes["vote"] = np.repeat(made.predicted, len(PROBES)), made.vote.ravel()
    provenance = {"probes": PROBES, "settings": {"k": 30}}
    write_table(votes, folder / "seed-3" / "votes" / "epoch-2.parquet", VOTES, provenance)
    records = pd.DataFrame({"epoch": np.repeat([1, 2], count), "example_id": np.tile(np.arange(count)[::-1], 2)})
    records["role"] = examples["split"].to_numpy()[records["example_id"]]
    records["predicted"] = made.predicted[records["example_id"]]
    rest = {"correct": True, **dict.fromkeys(["probability", "margin", "loss", "el2n", "entropy", "feature_norm"], 0.5)}
    write_table(records.assign(**rest), folder / "seed-3" / "records.parquet", RECORDS)


@pytest.mark.parametrize(
    ("figure", "inputs", "axes"),
    [
        ("plane", "scores family examples pixels", 2),
        ("classes", "scores family", 6),
        ("votes", "votes records scores examples pixels", 3),
    ],
)
def test_figures_are_drawn_from_their_tables(tmp_path, figure, inputs, axes):
    folder, depth = tmp_path / "noisy", np.where(np.arange(34) % 9 == 5, np.nan, np.arange(34) % 5)
    write_experiment(folder, write_dataset(tmp_path, 34, 3), depth)
    files = {"scores": folder / "scores.parquet", "family": folder / "family.parquet"}
    files |= {"votes": folder / "seed-3/votes/epoch-2.parquet", "records": folder / "seed-3/records.parquet"}
    files |= {"examples": tmp_path / "examples.parquet", "pixels": tmp_path / "pixels.parquet"}
    drawn = drawn_figure(f"prediction_depth.{figure}", **{name: files[name] for name in inputs.split()})
    assert len(drawn.axes) == axes


def test_predictions_are_read_of_the_examples_that_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(record_files, "_ROWS_IN_BLOCK", 6)
    monkeypatch.setattr(record_files, "_FEWEST_EXAMPLES", 1)
    ids, rest = np.arange(10)[::-1] * 3, dict.fromkeys(list(RECORDS.columns)[5:], np.float32(0.5))
    predicted = np.random.default_rng(0).integers(0, 9, (3, 10)).astype(np.int32)
    frames = (
        pd.DataFrame({"example_id": ids, "epoch": np.int32(epoch + 1), "role": "train", "predicted": predicted[epoch]})
        for epoch in range(3)
    )
    path = tmp_path / "records.parquet"
    record_files.write_records((frame.assign(correct=True, **rest) for frame in frames), path, 3, {})
    assert len(list(RecordFile(path).blocks(["predicted"]))) == 5
    asked = np.sort(ids)
    stored = StoredPredictions(RecordFile(path), asked)
    rows = np.array([7, 0, 3, 9])
    assert len(stored) == 3
    np.testing.assert_array_equal(stored[:, rows], predicted[:, ::-1][:, rows])
