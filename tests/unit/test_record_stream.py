"""Records of other trainings that are read in parts: where the parts begin and end."""

import numpy as np
import pandas as pd
import pytest

from difficulty.datasets import record_stream
from difficulty.datasets.records import read_own_records

CLASSES = 4
SETTINGS = {"example_id": "id", "epoch": "epoch", "label": "y", "logits": "z"}


@pytest.mark.parametrize(("rows", "lengths"), [(2, [64, 64, 64, 8]), (130, [128, 72])])
def test_parts_begin_anew_with_each_epoch_wherever_the_files_groups_end(tmp_path, monkeypatch, rows, lengths):
    """They have multiples of 64 rows, but for the last of an epoch."""
    table = pd.DataFrame({"id": np.tile(np.arange(200), 2), "epoch": np.repeat([1, 2], 200), "y": 0})
    table["z"] = list(np.random.default_rng(0).normal(size=(400, CLASSES)))
    table.to_parquet(tmp_path / "own.parquet", row_group_size=70)
    monkeypatch.setattr(record_stream, "_WHOLE_BELOW", 0)
    monkeypatch.setattr(record_stream, "_NUMBERS", rows * CLASSES)
    parts = [*read_own_records(tmp_path / "own.parquet", SETTINGS).logits()]
    assert [len(values) for _, _, values in parts] == lengths * 2
    np.testing.assert_array_equal(np.concatenate([positions for _, positions, _ in parts]), table["id"])
