"""Tables are checked on the way in and out, and never half written."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from difficulty.atomic_files import atomic_path
from difficulty.tables import (
    Column,
    Schema,
    TableError,
    read_foreign,
    read_provenance,
    read_schema,
    read_table,
    write_table,
)
from tests.support.scripts import SCRIPTS

THINGS = Schema(
    "things",
    {
        "example_id": Column(pa.int64(), "identifies the thing"),
        "score": Column(pa.float32(), "a score", nullable=True, direction=-1, null_ranks_as=7.0),
    },
    key=("example_id",),
)


def frame(ids=(1, 2), scores=(0.5, np.nan)):
    return pd.DataFrame({"example_id": list(ids), "score": np.array(scores, np.float32)})


def test_round_trip_keeps_values_nulls_metadata_and_provenance(tmp_path):
    write_table(frame(), tmp_path / "t.parquet", THINGS, {"seed": 3})
    back = read_table(tmp_path / "t.parquet", THINGS)
    pd.testing.assert_frame_equal(back, frame())
    assert pq.read_table(tmp_path / "t.parquet")["score"].null_count == 1
    assert read_provenance(tmp_path / "t.parquet") == {"seed": 3}
    assert read_schema(tmp_path / "t.parquet").columns == THINGS.columns


_MEMORY = """
import sys
from difficulty.tables import Schema, read_table

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

small, large = sys.argv[1:]
read_table(small, Schema("numbers", open=True))  # what reading takes the first time
before = resident()
table = read_table(large, Schema("numbers", open=True))
print((resident() - before) / table.memory_usage().sum())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_reading_takes_no_more_memory_than_the_table_when_it_is_done(tmp_path):
    paths, rows, scores = [tmp_path / "small.parquet", tmp_path / "large.parquet"], (10, 1 << 20), 8
    schema = Schema("numbers", {f"score{n}": Column(pa.float64(), "a score") for n in range(scores)})
    for path, count in zip(paths, rows, strict=True):
        values = np.random.default_rng(0).random((count, scores))
        write_table(pd.DataFrame(values, columns=list(schema.columns)), path, schema)
    command, environment = [sys.executable, "-c", _MEMORY, *paths], os.environ | {"PYTHONPATH": str(SCRIPTS)}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert float(found.stdout) < 1.25


def test_identical_tables_have_identical_bytes(tmp_path):
    for name in ("a", "b"):
        write_table(frame(), tmp_path / name, THINGS, {"b": 1, "a": 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (frame(ids=(1, 1)), r"the key example_id occurs twice: \{'example_id': 1\}; check the data that it is made of"),
        (frame().drop(columns="score"), r"columns missing \['score'\]"),
        (frame().assign(extra=1), r"unknown \['extra'\]"),
        (frame().assign(score="x"), "does not fit schema things"),
        (frame().assign(example_id=[1, None]), "1 null"),
    ],
)
def test_writing_refuses(tmp_path, bad, message):
    with pytest.raises(TableError, match=message):
        write_table(bad, tmp_path / "t.parquet", THINGS)
    assert list(tmp_path.iterdir()) == []


def test_composite_keys_are_checked(tmp_path):
    schema = Schema("pairs", {name: Column(pa.int64(), name) for name in "ab"}, key=("a", "b"))
    write_table(pd.DataFrame({"a": [1, 1], "b": [1, 2]}), tmp_path / "t", schema)
    with pytest.raises(TableError, match=r"a, b occurs twice: \{'a': 1, 'b': 2\}"):
        write_table(pd.DataFrame({"a": [1, 1], "b": [2, 2]}), tmp_path / "t", schema)


def test_open_schema_takes_further_columns(tmp_path):
    schema = Schema("open", {"a": Column(pa.int64(), "a")}, open=True)
    wider = schema.extended({"b": Column(pa.float64(), "b", direction=1)})
    write_table(pd.DataFrame({"a": [1], "b": [2.0]}), tmp_path / "t", wider)
    assert read_table(tmp_path / "t", schema).columns.tolist() == ["a", "b"]


def test_every_flipped_byte_is_noticed_or_harmless(tmp_path):
    """One byte after another is flipped; reading then fails by name or gives what was written."""
    path = tmp_path / "t.parquet"
    table = frame(ids=range(200), scores=np.linspace(0, 1, 200))
    write_table(table, path, THINGS)
    content = path.read_bytes()
    refused = 0
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            pd.testing.assert_frame_equal(read_table(path, THINGS), table)
        except TableError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused > 50


@pytest.mark.parametrize("kept", [0, 3, 100, -20])
def test_truncated_file_is_named(tmp_path, kept):
    path = tmp_path / "t.parquet"
    write_table(frame(), path, THINGS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(TableError, match=r"t\.parquet: is damaged .*delete it and run the workflow again"):
        read_table(path, THINGS)


def test_missing_and_foreign_files_are_named(tmp_path):
    with pytest.raises(TableError, match="is missing"):
        read_table(tmp_path / "t.parquet", THINGS)
    frame().to_parquet(tmp_path / "foreign.parquet")
    with pytest.raises(TableError, match="was not written by this workflow"):
        read_table(tmp_path / "foreign.parquet", THINGS)
    write_table(frame(), tmp_path / "other.parquet", Schema("others", THINGS.columns))
    with pytest.raises(TableError, match="is a 'others' table where 'things' is expected"):
        read_table(tmp_path / "other.parquet", THINGS)


def test_atomic_path_leaves_nothing_behind_on_failure(tmp_path):
    (tmp_path / "x").write_text("old")
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "x") as temporary:
        temporary.write_text("new")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "old"


def test_atomic_path_removes_what_a_killed_process_left_and_nothing_else(tmp_path):
    left, others = (
        tmp_path / ".x[1].png.um_yykn0.png",
        [".x[1].pdf.um_yykn0.pdf", ".x1.png.umjyykn0.png", "x[1].png.png"],
    )
    for path in (left, *(tmp_path / name for name in others)):
        path.touch()
    with atomic_path(tmp_path / "x[1].png") as temporary:
        assert temporary.name.startswith(".x[1].png.") and temporary != left
    assert {path.name for path in tmp_path.iterdir()} == {"x[1].png", *others}


def test_foreign_tables(tmp_path):
    (tmp_path / "t.csv").write_text("key,label\na,1\n")
    assert read_foreign(tmp_path / "t.csv", ["label"]).to_pydict() == {"label": [1]}
    with pytest.raises(Exception, match=r"t\.csv: no column 'lable'; it has key, label"):
        read_foreign(tmp_path / "t.csv", ["lable"])
    with pytest.raises(Exception, match="no such file"):
        read_foreign(tmp_path / "none.parquet")


def test_no_flipped_bit_goes_unnoticed_or_it_changes_nothing(tmp_path):
    """Every byte of a small table in turn, the footer included: Parquet protects its pages only."""
    path = tmp_path / "table.parquet"
    columns = {
        "example_id": Column(pa.int64(), "identifies the example"),
        "aum": Column(pa.float32(), "area under the margin", nullable=True, direction=-1),
    }
    schema, opened = Schema("scores", columns), Schema("scores", {"example_id": columns["example_id"]}, open=True)
    frame = pd.DataFrame({"example_id": range(20), "aum": [0.5, None] * 10})
    write_table(frame, path, schema, {"stage": "test"})
    content, expected, noticed = path.read_bytes(), read_table(path, opened), 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 4
        path.write_bytes(damaged)
        try:
            table, stored, made = read_table(path, opened), read_schema(path), read_provenance(path)
        except TableError:
            noticed += 1
            continue
        pd.testing.assert_frame_equal(table, expected)
        assert stored.columns == columns and made == {"stage": "test"}
    assert noticed > len(content) / 2
