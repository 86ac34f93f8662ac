"""The check that needs a GPU runs without one, too: on the CPU, where it compares the processor with itself."""

import importlib
import json
import time

import numpy as np
import pytest
import torch

from benchmarks.gpu_check import parts
from benchmarks.gpu_check.__main__ import main, run_all
from benchmarks.gpu_check.agreement import SAME, SIZES, TIED, Check, difference, share_beyond
from benchmarks.gpu_check.parts import PARTS, Part
from benchmarks.gpu_check.results import Outcome, Results
from benchmarks.gpu_check.running import FAIL, PASS, SKIP, run_part

FAST = ["clean pass outcomes", "nearest neighbours", "speed of neighbours"]


def found(name: str) -> tuple[str, list[dict]]:
    """How a part ends here, and its rows."""
    rows = []
    status, _ = run_part(next(part for part in PARTS if part.name == name), "cpu", "tiny", rows.append)
    return status, rows


def test_every_part_is_a_function_with_a_description():
    for part in PARTS:
        assert getattr(importlib.import_module(f"benchmarks.gpu_check.{part.module}"), part.function).__doc__
    assert len({part.name for part in PARTS}) == len(PARTS)


@pytest.mark.parametrize("name", FAST)
def test_a_part_passes_and_sends_rows_that_json_takes(name):
    status, rows = found(name)
    assert status == PASS and rows
    json.dumps(rows, allow_nan=False)


def test_products_as_exact_as_tf32_differ(monkeypatch):
    product = torch.nn.functional.conv2d

    def rounded(values):
        return ((values.view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)

    def both(check, compute):
        expected = compute(torch.device("cpu"))
        with monkeypatch.context() as patch:
            patch.setattr(torch.nn.functional, "conv2d", lambda i, w, *rest: product(rounded(i), rounded(w), *rest))
            return compute(check.device), expected

    monkeypatch.setattr(Check, "both", both)
    status, rows = found("clean pass outcomes")
    assert status == "differs"
    assert not any(row["passed"] for row in rows if row["tolerance"] == SAME)


def test_a_device_whose_results_are_not_finite_or_of_another_kind_differs():
    expected = np.array([1.0, np.nan, -4.0])
    assert difference(np.array([1.0, np.nan, -4.1]), expected) == pytest.approx(0.025)
    assert difference(np.array([1.0, 2.0, -4.0]), expected) == difference(np.array([np.nan, np.nan, -4]), expected)
    assert difference(np.array([1.0, 2.0, -4.0]), expected) == np.inf
    rows = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    assert share_beyond(rows * [[1.0], [1.01], [np.nan]], rows, 1e-3) == pytest.approx(2 / 3)
    sent = []
    check = Check(torch.device("cpu"), SIZES["tiny"], sent.append)
    check.close("it", np.array([np.nan]), np.array([1.0]), TIED)
    assert check.failed and not sent[0]["passed"]


@pytest.mark.parametrize(
    ("package", "status", "says"),
    [("kronos", SKIP, "needs the package kronos"), ("difficulty.x", FAIL, "ModuleNotFoundError")],
)
def test_a_missing_package_is_skipped_and_one_of_ours_is_not(monkeypatch, package, status, says):
    def it(check):
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    monkeypatch.setattr(parts, "it", it, raising=False)
    ended, why = run_part(Part("it", "parts", "it"), "cpu", "tiny", lambda row: None)
    assert ended == status and says in why


class Instead:
    """A worker whose parts end as they are told."""

    missing = ""

    def start(self):
        self.machine = {"device": "none"}

    def run(self, part, seconds, receive):
        receive({"kind": "difference", "what": "it", "value": 2.0, "tolerance": 1.0, "passed": False})
        return (FAIL, "beyond a tolerance") if part.name == "bad" else (PASS, "")


def test_results_are_there_after_each_part_and_late_parts_are_skipped(tmp_path, capsys):
    results = Results(tmp_path)
    run_all([Part(name, "", "") for name in ("bad", "good")], Instead(), results, time.monotonic() + 60)
    run_all([Part("late", "", "")], Instead(), results, time.monotonic())
    written = json.loads((tmp_path / "results.json").read_text())
    assert [each["status"] for each in written["parts"]] == [FAIL, PASS, SKIP]
    assert "| bad | it | 2 | 1 | NO |" in (tmp_path / "report.md").read_text()
    assert "no time is left" in capsys.readouterr().out


def test_the_table_of_benchmarks_is_what_a_page_takes(tmp_path):
    results = Results(tmp_path)
    row = {"what": "a | b", "seconds": "1", "rate": "2/s", "ratio": "3", "limit": "4", "memory": "5 GiB"}
    results.outcomes.append(Outcome("speed", rows=[{"kind": "speed", **row}]))
    assert results.benchmarks()[2] == r"| a \| b | 1 | 2/s | 3 | 4 | 5 GiB |"


def test_parts_are_listed_by_name(capsys):
    assert main(["--list", "--only", "influence"]) == 0
    assert capsys.readouterr().out.split("\n")[0] == "influence factors"
