"""Gradient maps on disk, and what becomes of them: tables of runs and scores."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from difficulty.datasets.loading import Normalization
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.scores.shards import epoch_of, shard_of, shard_rows
from difficulty.scores.vog.gradient_maps import halves, maps_writer, read_maps
from difficulty.scores.vog.gradient_passes import gradient_batches
from difficulty.scores.vog.tables import VOG_RUN, run_scores, stage_rows, vog_columns
from difficulty.scores.vog.variance import input_gradients, variance_of_gradients
from difficulty.tables import read_schema

HALF = 2.0**-11  # a float16 has 11 significant bits
STORED_VOG = 2e-5  # float16 storage of maps, relative to VoG
DRAWS = np.random.default_rng(0)


def write(path, maps, example_ids=None, predicted=None):
    count = len(maps)
    with maps_writer(path, maps.shape[1:], {"stage": "test"}) as append:
        for rows in np.array_split(np.arange(count), 3):
            ids = rows if example_ids is None else example_ids[rows]
            append(ids, rows % 7 if predicted is None else predicted[rows], rows / 100, maps[rows])


def some_maps(checkpoints=4, examples=50, size=(5, 6)):
    scale = np.exp(3 * DRAWS.standard_normal((1, examples, 1, 1)))
    return (scale * DRAWS.standard_normal((checkpoints, examples, *size))).astype(np.float32)


@given(hnp.arrays(np.float32, (3, 2, 2), elements=st.floats(-(2.0**60), 2.0**60, width=32, allow_subnormal=False)))
def test_half_precision_keeps_eleven_bits_of_all_but_tiny_values(maps):
    small, exponents = halves(maps)
    again = np.ldexp(small.astype(np.float32), exponents[:, None, None].astype(np.int32))
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True)
    allowed = np.maximum(HALF * np.abs(maps), 2.0**-39 * largest)
    assert (np.abs(again.astype(np.float64) - maps) <= allowed).all()


def test_diverged_networks_are_refused():
    with pytest.raises(UserError, match="not finite; the network has diverged"):
        halves(np.array([[[1.0, np.nan]]], np.float32))


def test_maps_come_back_in_order_to_half_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "difficulty.scores.vog.gradient_maps._BYTES_IN_MEMORY", 7 * 4 * 4 * 32 * 32
    )  # 7 examples at a time
    maps = some_maps(size=(32, 32))
    paths = [tmp_path / f"epoch-{epoch}.parquet" for epoch in range(4)]
    for path, own in zip(paths, maps, strict=True):
        write(path, own, example_ids=np.arange(100, 150))
    parts = list(read_maps(paths))
    assert [len(ids) for ids, *_ in parts] == [7] * 7 + [1]
    confidence = np.concatenate([confidence for *_, confidence in parts], 1)
    np.testing.assert_allclose(confidence[3], np.arange(50) / 100, rtol=1e-6)
    np.testing.assert_array_equal(np.concatenate([ids for ids, *_ in parts]), np.arange(100, 150))
    np.testing.assert_array_equal(np.concatenate([predicted for *_, predicted, _ in parts], 1)[2], np.arange(50) % 7)
    again = np.concatenate([maps_part for _, maps_part, *_ in parts], axis=1)
    largest = np.abs(maps).max(axis=(2, 3), keepdims=True)
    assert (np.abs(again - maps) <= HALF * largest).all()
    np.testing.assert_allclose(variance_of_gradients(again), variance_of_gradients(maps), rtol=STORED_VOG)


def test_identical_maps_give_identical_bytes(tmp_path):
    maps = some_maps()[0]
    for name in ("a.parquet", "b.parquet"):
        write(tmp_path / name, maps)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_damaged_foreign_and_different_maps_are_named(tmp_path):
    maps = some_maps()
    paths = [tmp_path / f"epoch-{epoch}.parquet" for epoch in range(2)]
    write(paths[0], maps[0])
    with pytest.raises(UserError, match=r"epoch-1\.parquet: is missing"):
        list(read_maps(paths))
    write(paths[1], maps[1], example_ids=np.arange(1, 51))
    with pytest.raises(UserError, match=r"epoch-1\.parquet: has other examples than .*epoch-0\.parquet"):
        list(read_maps(paths))
    write(paths[1], maps[1][:20])
    with pytest.raises(UserError, match=r"epoch-1\.parquet: has other examples"):
        list(read_maps(paths))
    write(paths[1], maps[1][:, :3])
    with pytest.raises(UserError, match=r"epoch-1\.parquet: column 'gradient' is"):
        list(read_maps(paths))
    write(paths[1], maps[1])
    content = bytearray(paths[1].read_bytes())
    content[len(content) // 2] ^= 1
    paths[1].write_bytes(content)
    with pytest.raises(UserError, match=r"epoch-1\.parquet: .*damaged"):
        list(read_maps(paths))


def test_an_interrupted_writer_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), maps_writer(tmp_path / "epoch-1.parquet", (2, 2), {}) as append:
        append(np.arange(1), np.zeros(1), np.ones(1), np.ones((1, 2, 2), np.float32))
        raise RuntimeError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_the_stages_of_a_run(kind):
    maps, stages = some_maps(), {"early": [1, 5], "complete": [1, 5, 7, 9]}
    predicted = DRAWS.integers(0, 10, (4, 50))
    checkpoints = [
        (epoch, kind(m), kind(p), kind(p / 10)) for epoch, m, p in zip([1, 5, 7, 9], maps, predicted, strict=True)
    ]
    rows = stage_rows(stages, np.arange(50), iter(checkpoints)).set_index("stage")
    early, complete = rows.loc["early"], rows.loc["complete"]
    np.testing.assert_allclose(early["vog"], variance_of_gradients(maps[:2]), rtol=1e-5)
    np.testing.assert_allclose(complete["vog"], variance_of_gradients(maps), rtol=1e-5)
    np.testing.assert_allclose(early["magnitude"], np.abs(maps[1]).mean(axis=(1, 2)), rtol=1e-5)
    assert early["predicted"].tolist() == predicted[1].tolist()
    assert complete["predicted"].tolist() == predicted[3].tolist()
    np.testing.assert_allclose(complete["confidence"], predicted[3] / 10)
    assert set(rows.reset_index().columns) == set(VOG_RUN.columns)


def test_scores_are_normalised_within_role_and_label():
    rows = pd.DataFrame({"example_id": range(8), "stage": "late", "vog": [1, 2, 3, 4, 10, 20, 30, 7], "magnitude": 5.0})
    labels, roles = pd.Series([0, 0, 1, 1, 0, 0, 1, 2]), pd.Series(["train"] * 4 + ["test"] * 4)
    scores = run_scores(rows, {"late": [3, 4]}, labels, roles)
    np.testing.assert_allclose(scores["vog_late"], [-1, 1, -1, 1, -1, 1, np.nan, np.nan])
    assert scores["vog_late_undefined"].tolist() == [False] * 6 + [True] * 2  # alone with their label in their split
    assert scores["vog_late_raw"].tolist() == [1, 2, 3, 4, 10, 20, 30, 7]
    assert set(vog_columns(["late"])) <= set(scores.columns)


def test_gradient_magnitude_is_that_of_the_last_checkpoint_of_all():
    both = {"example_id": [0, 1, 0, 1], "stage": ["early"] * 2 + ["late"] * 2}
    rows = pd.DataFrame({**both, "vog": 1.0, "magnitude": [1.0, 2, 3, 4]})
    scores = run_scores(rows, {"late": [7, 9], "early": [1, 2]}, pd.Series([0, 0]), pd.Series(["train"] * 2))
    assert scores["gradient_magnitude"].tolist() == [3, 4]


def test_shards_cover_every_wanted_example_once():
    splits = np.array(["train", "test"] * 10)
    parts = [shard_rows(splits, ["train"], shard, 3) for shard in range(3)]
    assert np.concatenate(parts).tolist() == list(range(0, 20, 2))
    assert {len(part) for part in parts} == {3, 4}
    with pytest.raises(UserError, match=r"shard 11 of 12 has no train example; set fewer shards"):
        shard_rows(splits, ["train"], 11, 12)
    assert (epoch_of("x/epoch-12-shard-3.parquet"), shard_of("x/epoch-12-shard-3.parquet")) == (12, 3)
    assert (epoch_of("x/epoch-12.parquet"), shard_of("vog.parquet")) == (12, 0)


def test_passes_over_the_data_give_each_models_maps(monkeypatch):
    monkeypatch.setattr("difficulty.datasets.loading._LARGEST_BATCH", 3)
    settings = {"architecture": "resnet9", "width": 4}
    models = [build_model(settings, channels=1, size=(8, 8), classes=10, seed=seed).eval() for seed in (0, 1)]
    images = torch.randint(0, 256, (20, 8, 8, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels, rows = torch.arange(20) % 10, np.array([1, 2, 3, 5, 8, 13, 19])
    normalization = Normalization((0.5,), (0.25,))
    found = [[], []]
    batches = gradient_batches(models, images, rows, labels, normalization, torch.device("cpu"))
    for part, passes in batches:
        for place, (maps, *_) in enumerate(passes):
            found[place].append((part, maps))
    inputs = normalization(images[rows].permute(0, 3, 1, 2))
    for model, parts in zip(models, found, strict=True):
        assert [len(part) for part, _ in parts] == [3, 3, 1]
        expected = input_gradients(model, inputs, labels[rows])
        torch.testing.assert_close(torch.cat([maps for _, maps in parts]), expected, rtol=1e-4, atol=1e-6)


def test_columns_carry_direction_and_may_be_undefined(tmp_path):
    columns = vog_columns(["early"])
    assert columns["vog_early"].direction == columns["gradient_magnitude"].direction == 1
    assert columns["vog_early"].nullable and not columns["vog_early_raw"].nullable
    write(tmp_path / "epoch-1.parquet", some_maps()[0])
    assert read_schema(tmp_path / "epoch-1.parquet").name == "gradients"
