"""Command lines of the figures of prediction depth with images: they draw what the rules ask for."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.pixels import write_pixels
from difficulty.scores.collect import RUN_SCORES, SCORES
from difficulty.scores.probe_tables import VOTES, depth_columns
from difficulty.tables import Column, write_table
from difficulty.training.run_tables import RECORDS
from tests.support.depth_stand_ins import PROBES, make_images, make_votes
from tests.support.script_server import interpreter

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


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


def test_scripts_draw_what_the_rules_ask_for(tmp_path):
    folder = tmp_path / "noisy"
    write_experiment(
        folder, write_dataset(tmp_path, 34, 3), np.where(np.arange(34) % 9 == 5, np.nan, np.arange(34) % 5)
    )
    files = {"scores": folder / "scores.parquet", "family": folder / "family.parquet"}
    files |= {"votes": folder / "seed-3/votes/epoch-2.parquet", "records": folder / "seed-3/records.parquet"}
    files |= {"examples": tmp_path / "examples.parquet", "pixels": tmp_path / "pixels.parquet"}
    taken = {
        "plot_depth_plane": ("scores", "family", "examples", "pixels"),
        "plot_depth_classes": ("scores", "family"),
        "plot_depth_votes": ("votes", "records", "scores", "examples", "pixels"),
    }
    for name, options in taken.items():
        outputs = {"png": tmp_path / f"{name}.png", "pdf": tmp_path / f"{name}.pdf", "log": tmp_path / "log"}
        named = {"settings": json.dumps({"dpi": 40}), "code": "c", "upstream": "u", **outputs}
        named |= {option: files[option] for option in options}
        command = [interpreter(), str(SCRIPTS / f"{name}.py")]
        command += [str(part) for option, value in named.items() for part in (f"--{option}", value)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert outputs["png"].read_bytes().startswith(b"\x89PNG")
        assert outputs["pdf"].read_bytes().startswith(b"%PDF")
