"""Second-split forgetting: its definition, training on two halves, and the programs of both."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from difficulty.datasets.example_tables import LABELS
from difficulty.models.building import build_model
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.second_split import second_split_forgetting
from difficulty.tables import read_schema, read_table, write_table
from difficulty.training.loop import train
from difficulty.training.partial_run import PartialRun
from difficulty.training.second_split import is_in_half, train_halves
from difficulty.training.second_split_table import SECOND_SPLIT
from tests.support.scripts import run_script, succeed
from tests.support.small_training import SETTINGS, TRAIN, Killed, digits

CORRECT = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9), elements=st.booleans())
SECOND = {"epochs": 3, "lr": 0.05}
TRAINING = {**SETTINGS, "epochs": 12, "batch_size": 16, "optimizer": {"name": "adam", "lr": 0.02}}
# Whether a network is right after each of six epochs on the second half, and when it has forgotten the example by
# get_first_epoch_where_we_forget_forever of the authors' repository (github.com/pratyushmaini/ssft); 7 is never.
PUBLISHED = {
    "111111": 7,
    "000000": 1,
    "110100": 5,
    "111110": 6,
    "101010": 6,
    "010101": 7,
    "011111": 7,
    "100000": 2,
}


def forgotten_by_hand(column):
    for epoch in range(len(column)):
        if not any(column[epoch:]):
            return epoch
    return np.nan


@given(CORRECT)
def test_is_the_epoch_after_which_an_example_is_never_right(correct):
    np.testing.assert_array_equal(second_split_forgetting(correct), [forgotten_by_hand(each) for each in correct.T])


def test_as_the_authors_code_where_all_examples_are_fitted():
    correct = np.array([[True, *(each == "1" for each in text)] for text in PUBLISHED]).T
    assert np.nan_to_num(second_split_forgetting(correct), nan=7).tolist() == list(PUBLISHED.values())


def test_what_is_not_fitted_and_never_right_is_forgotten_from_the_start():
    correct = np.array([[False, False], [False, True], [False, False]])
    assert second_split_forgetting(correct).tolist() == [0, 2]


def test_halves_hold_each_example_once_and_identical_images_together():
    content = np.concatenate([np.arange(90), np.arange(10)])
    labels = pd.DataFrame({"split": "train", "label": content % 3, "content": content})
    first, second = (is_in_half(labels, 5, half) for half in (0, 1))
    assert (first ^ second).all() and first.sum() == 50
    assert (first[:10] == first[90:]).all()
    assert (is_in_half(labels, 6, 0) != first).any()


def halves(folder, second=SECOND, kill_after=None):
    """Trains on the first 100 of 200 digits, then on the others; raises Killed after so many images."""
    data = digits()
    data = type(data)(data.images[:TRAIN], data.labels[:TRAIN], data.normalization, train=torch.arange(100))
    settings = {**TRAINING, "second_split": second}
    partials = tuple(PartialRun(folder / part, {"second": second}) for part in ("first", "second"))
    done = 0

    def progress(amount, note, part=""):
        nonlocal done
        done += amount * (part == "")
        if kill_after is not None and done > kill_after:
            raise Killed

    model = build_model(settings, 1, (8, 8), 10, seed=0)
    return data, train_halves(model, data, settings, 0, partials, progress)


def test_the_first_half_is_trained_as_a_run_is(tmp_path):
    data, correct = halves(tmp_path / "halves")
    partial = PartialRun(tmp_path / "alone", {})
    train(build_model(TRAINING, 1, (8, 8), 10, seed=0), data, {**TRAINING, "records": "clean"}, 0, partial, "{}")
    assert correct.shape == (4, 100)
    assert 0.5 < correct[0].mean() < 1
    np.testing.assert_array_equal(correct[0], partial.outcomes(TRAINING["epochs"])["clean.rank"][:100] == 0)


def test_a_second_half_without_a_step_forgets_nothing(tmp_path):
    _, correct = halves(tmp_path, second={"epochs": 2, "lr": 1e-9})
    assert (correct == correct[0]).all()


def test_the_second_half_takes_the_rate_of_the_first_unless_it_has_its_own(tmp_path):
    _, own = halves(tmp_path / "own", second={"epochs": 2, "lr": TRAINING["optimizer"]["lr"]})
    _, default = halves(tmp_path / "default", second={"epochs": 2})
    _, other = halves(tmp_path / "other", second={"epochs": 2, "lr": 0.1})
    assert (own == default).all() and (own != other).any()


@pytest.mark.parametrize("kill_after", [250, 1200 + 150])
def test_a_killed_training_goes_on_in_either_half(tmp_path, kill_after):
    _, expected = halves(tmp_path / "whole")
    with pytest.raises(Killed):
        halves(tmp_path / "killed", kill_after=kill_after)
    _, resumed = halves(tmp_path / "killed")
    np.testing.assert_array_equal(resumed, expected)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of 120 digits with planted noise, trained on both halves by the program."""
    root = tmp_path_factory.mktemp("results")
    data, folder = root / "datasets" / "few", root / "experiments" / "noisy"
    tables = {name: data / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    limited = {"source": "digits", "limit": {"train": 120, "test": 20}}
    succeed("prepare_dataset", settings=limited, images=data / "images", **tables)
    labels, noise = folder / "labels.parquet", {"kind": "symmetric", "fraction": 0.1, "seed": 0}
    succeed("corrupt_labels", settings={"label_noise": noise}, examples=tables["examples"], output=labels)
    inputs = {"labels": labels, "pixels": tables["pixels"], "files": tables["files"]}
    settings = {key: value for key, value in TRAINING.items() if key not in ("records", "checkpoints")}
    for half in (0, 1):
        output = folder / "seed-3" / f"second-split-{half}.parquet"
        succeed("train_second_split", settings={**settings, "second_split": SECOND}, half=half, output=output, **inputs)
    return folder


def test_the_program_leaves_a_table_of_each_half_and_nothing_else(trained):
    tables = [read_table(trained / "seed-3" / f"second-split-{half}.parquet", SECOND_SPLIT) for half in (0, 1)]
    assert all(table["epoch"].value_counts().to_dict() == dict.fromkeys(range(4), 60) for table in tables)
    labels = read_table(trained / "labels.parquet", LABELS).set_index("example_id")
    scored = sorted({*tables[0]["example_id"]} | {*tables[1]["example_id"]})
    assert scored == labels.index[labels["split"] == "train"].tolist()
    assert {path.name for path in (trained / "seed-3").iterdir()} == {
        "second-split-0.parquet",
        "second-split-1.parquet",
    }


def test_scores_of_runs(tmp_path):
    knows = {0: ["1111", "1100", "0000"], 1: ["1000", "1011"]}
    for half, texts in knows.items():
        correct = np.array([[each == "1" for each in text] for text in texts]).T
        ids = 2 * np.arange(len(texts)) + half
        rows = {"example_id": np.tile(ids, 4), "epoch": np.repeat(np.arange(4), len(texts)), "correct": correct.ravel()}
        write_table(pd.DataFrame(rows).astype({"epoch": "int32"}), tmp_path / f"e/seed-4/{half}.parquet", SECOND_SPLIT)
    output = tmp_path / "second_split.parquet"
    paths = [tmp_path / f"e/seed-4/{half}.parquet" for half in (0, 1)]
    done = run_script("score_second_split", settings={"epochs": 3}, halves=paths, output=output, log=tmp_path / "log")
    assert done.returncode == 0 and "e: networks fit only 67% of a half" in done.stderr
    table = read_table(output, RUN_SCORES)
    assert table["example_id"].tolist() == [0, 1, 2, 3, 4]
    assert set(table["run"]) == {"seed-4"} and set(table["role"]) == {"train"}
    np.testing.assert_array_equal(table["second_split_forgetting"], [np.nan, 1, 2, np.nan, 0])
    column = read_schema(output).columns["second_split_forgetting"]
    assert (column.direction, column.null_ranks_as) == (-1, 4)
