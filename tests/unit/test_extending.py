"""The worked example of docs/extending.md: its library module and its program do what the page says."""

import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from difficulty.scores.collect import RUN_SCORES
from difficulty.tables import read_schema, read_table, write_table
from difficulty.training.run_tables import RECORDS
from tests.support.worked_example import new_files

FILES = new_files()
MODULE = FILES["workflow/scripts/difficulty/scores/late_margin.py"]
PROGRAM = FILES["workflow/scripts/score_late_margin.py"]


def module_of(name: str, source: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
    return module


@pytest.fixture
def program(monkeypatch):
    """The page's program, with the page's module in the library."""
    name = "difficulty.scores.late_margin"
    monkeypatch.setitem(sys.modules, name, module_of(name, MODULE))
    return module_of("score_late_margin", PROGRAM)


def recorded(path: Path, margin: np.ndarray) -> Path:
    """Writes records of a run with these margins (epochs, examples)."""
    epochs, examples = margin.shape
    rows = {
        name: np.zeros(margin.size, dtype=column.type.to_pandas_dtype()) for name, column in RECORDS.columns.items()
    }
    rows |= {
        "example_id": np.tile(np.arange(examples), epochs),
        "epoch": np.repeat(np.arange(1, epochs + 1), examples),
        "role": ["train"] * margin.size,
        "margin": margin.reshape(-1),
    }
    path.parent.mkdir()
    write_table(pd.DataFrame(rows), path, RECORDS, {})
    return path


def test_the_example_writes_a_family_of_scores(program, tmp_path):
    margins = {"seed-0": np.array([[9, 9], [1, 2], [3, 6.0]]), "seed-1": np.array([[9, 9], [0, 0], [-2, 4.0]])}
    paths = [recorded(tmp_path / run / "records.parquet", margin) for run, margin in margins.items()]
    output = tmp_path / "late_margin.parquet"
    program.main(Namespace(records=paths, output=output, settings={}, code="", upstream=""))
    table = read_table(output, RUN_SCORES)
    assert table[["run", "example_id", "late_margin"]].to_numpy().tolist() == [
        ["seed-0", 0, 2.0],
        ["seed-0", 1, 4.0],
        ["seed-1", 0, -1.0],
        ["seed-1", 1, 2.0],
    ]
    assert read_schema(output).columns["late_margin"].direction == -1
