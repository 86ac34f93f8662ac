"""Slow statistics are left empty where the images of a data set have very many pixels, with a warning."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from difficulty.config.resolve import resolve
from difficulty.datasets.files import FILES
from difficulty.datasets.pixels import write_pixels
from difficulty.errors import UserError
from difficulty.plan.plan import Plan
from difficulty.scores.images.catalogue import SLOW
from difficulty.scores.images.large_data_sets import affordable
from difficulty.scores.images.statistics import STATISTICS, shrunk, shrunk_size
from difficulty.subsets.evidence import _hardness
from difficulty.tables import write_table
from tests.support.scripts import run_script, succeed
from tests.support.workflows import TINY

ALL = list(STATISTICS)
FAST = [name for name in ALL if name not in SLOW]


def test_slow_ones_are_left_out_above_the_limit_only():
    assert affordable(ALL, 5_000_000_000, 5000) == (ALL, None)
    assert affordable(ALL, 10**15, None) == (ALL, None)
    assert affordable(["contrast"], 10**15, 5) == (["contrast"], None)
    computed, remark = affordable(ALL, 5_000_000_001, 5000)
    assert computed == FAST and len(FAST) == 7
    assert (
        remark.startswith("local_entropy, local_entropy_u8, segments are left empty") and "fast_above: null" in remark
    )


@pytest.mark.parametrize("shape", [(40, 20), (20, 40), (8, 9)])
def test_the_limit_counts_pixels_of_shrunk_images(shape):
    images = np.zeros((2, *shape, 3), np.uint8)
    for size in (None, 10, 99):
        assert shrunk(images, size).shape == (2, *shrunk_size(*shape, size), 3)


@pytest.fixture
def dataset(tmp_path):
    """Options of the stage for 4 images of 60 x 60 pixels."""
    images = np.random.default_rng(0).integers(0, 256, (4, 60, 60, 3), np.uint8)
    write_pixels(tmp_path / "few" / "pixels.parquet", np.arange(4), images, {})
    none = pd.DataFrame({name: [] for name in FILES.columns}).astype({"inode": int, "size": int, "modified_ns": int})
    write_table(none, tmp_path / "few" / "files.parquet", FILES, {})
    paths = {name: tmp_path / "few" / f"{name}.parquet" for name in ("pixels", "files")}
    return paths | {"output": tmp_path / "few" / "statistics.parquet", "log": tmp_path / "log"}


def test_a_large_data_set_has_empty_columns_and_a_warning(dataset):
    succeed("compute_image_statistics", settings={"statistics": FAST}, **dataset)
    expected = pd.read_parquet(dataset["output"])
    done = run_script("compute_image_statistics", settings={"statistics": ALL, "fast_above": 0}, **dataset)
    assert done.returncode == 0 and done.stderr.count("\n") == 1
    assert "compute_image_statistics: few: local_entropy, " in done.stderr and "have 0 million pixels" in done.stderr
    found = pd.read_parquet(dataset["output"])
    assert list(found) == ["example_id", *ALL] and found[list(SLOW)].isna().all(axis=None)
    pd.testing.assert_frame_equal(found[list(expected)], expected)
    fields = pq.read_schema(dataset["output"])
    assert [fields.field(name).nullable for name in SLOW] == [True] * 3 and not fields.field("contrast").nullable


def test_a_small_data_set_has_them_all(dataset):
    succeed("compute_image_statistics", settings={"statistics": ["segments"]}, **dataset)
    expected = pd.read_parquet(dataset["output"])
    succeed("compute_image_statistics", settings={"statistics": ["segments"], "fast_above": 1}, **dataset)
    pd.testing.assert_frame_equal(pd.read_parquet(dataset["output"]), expected)


@pytest.mark.parametrize(
    ("images", "limit"),
    [
        ({}, 5000),
        ({"statistics": "all", "fast_above": 7}, 7),
        ({"fast_above": None}, None),
        ({"statistics": ALL[:9]}, None),
    ],
)
def test_a_list_of_statistics_is_computed_as_it_stands(images, limit):
    config = TINY | {"analyses": TINY["analyses"] | {"images": images}}
    plan = Plan(resolve(config, "a.yaml"), lambda *source: " ".join(source))
    settings = json.loads(plan.images.compute_image_statistics("few").settings)
    assert settings.get("fast_above") == limit


def test_a_subset_by_an_empty_statistic_names_the_setting(dataset, tmp_path):
    run_script("compute_image_statistics", settings={"statistics": ALL, "fast_above": 0}, **dataset)
    args = type("Args", (), {"evidence": [dataset["output"]], "examples": tmp_path / "hard" / "examples.parquet"})
    args.settings = {"select": {"score": "segments"}}
    with pytest.raises(UserError, match=r"datasets\.hard\.select\.score: 'segments'.*images\.fast_above: null"):
        _hardness(args, None)
    args.settings = {"select": {"score": "edge_strength"}}
    assert len(_hardness(args, None)) == 4
