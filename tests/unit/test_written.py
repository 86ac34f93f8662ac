"""The record of what a job has written."""

import json
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from difficulty import written
from difficulty.atomic_files import atomic_path
from difficulty.tables import Column, Schema, write_table
from difficulty.verification import verify

MADE_WITH = {"settings": '{"a": 1, "b": 2}', "code": "c", "upstream": "u"}


@pytest.fixture
def finished(tmp_path, monkeypatch) -> Path:
    """A list and a table that one job has written; returns its record."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(written, "_written", set())
    with atomic_path("results/list.csv") as temporary:
        temporary.write_text("a,b\n1,2\n")
    schema = Schema("numbers", {"number": Column(pa.int64(), "a number")})
    write_table(
        pd.DataFrame({"number": [1]}), "results/table.parquet", schema, {**MADE_WITH, "settings": {"b": 2, "a": 1}}
    )
    with atomic_path("results/.partial/epoch-1.parquet") as temporary:
        temporary.write_text("not finished")
    log = Path("results/logs/a/job.log")
    written.write_record(log, {"b": 2, "a": 1}, "c", "u")
    return written.record_of(log)


def test_a_record_has_the_size_of_every_file_and_the_checksum_of_those_without_one(finished):
    assert finished == Path("results/checksums/a/job.json")
    assert json.loads(finished.read_text()) == {
        **MADE_WITH,
        "outputs": {
            "results/list.csv": {"bytes": 8, "sha256": sha256(b"a,b\n1,2\n").hexdigest()},
            "results/table.parquet": {"bytes": Path("results/table.parquet").stat().st_size},
        },
    }


def test_a_job_that_starts_again_has_no_record_until_it_ends(finished):
    written.discard_record(Path("results/logs/a/job.log"))
    assert not finished.exists()
    written.discard_record(Path("results/logs/a/job.log"))


def test_a_failed_write_is_not_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(written, "_written", set())
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "half.csv"):
        raise ZeroDivisionError
    written.write_record(tmp_path / "logs" / "job.log", {}, "", "")
    assert list(tmp_path.rglob("*.json")) == []


def test_results_are_compared_with_what_is_expected_and_with_the_record(finished):
    expected = dict.fromkeys(("results/list.csv", "results/table.parquet"), MADE_WITH)
    assert verify(expected).problems == []
    other = verify({path: {**MADE_WITH, "upstream": "v"} for path in expected}).problems
    assert other == [
        f"{path}: was made with other upstream than the configuration has now; run the workflow again"
        for path in expected
    ]
    Path("results/list.csv").write_text("a,b\n1,3\n")
    Path("results/table.parquet").unlink()
    assert verify({**expected, "results/folder": MADE_WITH}).problems == [
        "results/list.csv: is not the file that was written; delete it and run the workflow again",
        "results/table.parquet: is missing; run the workflow again",
        "results/folder: is missing; run the workflow again",
    ]


def test_a_lost_or_damaged_record_is_a_problem_of_its_own(finished):
    expected = {"results/list.csv": MADE_WITH}
    finished.write_text("{")
    damaged, unrecorded = verify(expected).problems
    assert damaged.startswith("results/checksums/a/job.json: is damaged")
    assert unrecorded.startswith("results/list.csv: no record below results/checksums/ says how it was made; delete")


def test_what_killed_jobs_left_of_unwanted_results_is_named_with_its_size(finished):
    places = {
        "data/.partial/images/000.part": "results/data/images",
        "data/.partial/images/images/train/a/1.png": "results/data/images",
        "run/.partial/vog.parquet/000.part": "results/run/vog.parquet",
        "run/.second-split-half-0/first/state.safetensors": "results/run/second-split-half-0.parquet",
        "other/.partial/state.safetensors": "results/other/checkpoints/manifest.parquet",
    }
    for place in places:
        path = Path("results", place)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"12345")
    folders = ("data/.partial/images", "other/.partial", "run/.partial/vog.parquet", "run/.second-split-half-0")
    sizes = dict(zip(folders, (10, 5, 5, 5), strict=True))
    assert verify({}).unfinished == {Path("results", folder): size for folder, size in sizes.items()}
    assert verify(dict.fromkeys(places.values(), MADE_WITH)).unfinished == {}
    left = verify({**dict.fromkeys(places.values(), MADE_WITH), "results/run/vog.parquet": None}).unfinished
    assert left == {Path("results/run/.partial/vog.parquet"): 5}
