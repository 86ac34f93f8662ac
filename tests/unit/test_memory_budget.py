"""The configuration's `memory`: what jobs hold at a time follows it, and no result and no job's parameters do."""

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis import suspect_list
from difficulty.analysis.suspect_facts import Labels
from difficulty.analysis.suspect_list import SuspectList
from difficulty.analysis.suspect_verdicts import Predictions, Training
from difficulty.config.core.problems import ConfigurationError
from difficulty.config.resolve import resolve
from difficulty.memory_budget import VARIABLE, budgeted
from tests.support.recorded_experiments import PLAIN_RUNS
from tests.support.scripts import succeed

CONFIGURATION = {
    "datasets": {"digits": {"source": "digits"}},
    "experiments": {"plain": {"dataset": "digits"}},
    "defaults": {"architecture": "mlp", "epochs": 3, "optimizer": {"name": "sgd", "lr": 0.1}},
}


@pytest.mark.parametrize(("budget", "expected"), [(None, 100), ("1024", 100), ("2048", 200), ("512", 50), ("1", 1)])
def test_what_is_held_at_a_time_is_in_proportion(monkeypatch, budget, expected):
    monkeypatch.delenv(VARIABLE, raising=False)
    if budget:
        monkeypatch.setenv(VARIABLE, budget)
    assert budgeted(100) == expected


def test_the_setting_has_a_default_and_a_least():
    assert resolve(CONFIGURATION).memory == 1024
    assert resolve({**CONFIGURATION, "memory": 4096}).memory == 4096
    with pytest.raises(ConfigurationError, match="memory: expected"):
        resolve({**CONFIGURATION, "memory": 16})


def test_parts_of_the_list_of_suspects_are_the_whole(monkeypatch):
    random = np.random.default_rng(0)
    numbers = random.random((8, 30))
    names = np.array(["cat", "dog"], object)
    predictions = Predictions(numbers[0], numbers[1], names[random.integers(0, 2, 30)], numbers[2] > 0.5)
    labels = Labels(names[random.integers(0, 2, 30)], np.where(numbers[1] > 0.5, "dog", None), numbers[1], predictions)
    nothing = np.full(30, None)
    examples = pd.DataFrame({"example_id": np.arange(30), "key": [*map(str, range(30))], "file": ""})
    training, percentiles = Training(3, *numbers[3:7]), pd.DataFrame({"aum": numbers[7]})
    suspects = SuspectList(examples, labels, numbers[4], training, nothing, nothing, percentiles, None)
    (whole,) = suspects.parts(random.permutation(30))
    monkeypatch.setattr(suspect_list, "_AT_A_TIME", 7)
    parts = list(suspects.parts(whole["example_id"].to_numpy()))
    assert len(parts) == 5
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole.reset_index(drop=True), check_dtype=False)


def test_two_budgets_give_equal_files(results, tmp_path, monkeypatch):
    """With 1 MiB, scores of runs are read 256 rows at a time, and suspects written 64 at a time."""
    folder, data = results / "experiments" / "noisy", results / "datasets" / "toy" / "examples.parquet"
    scores, families = folder / "scores.parquet", [folder / "scores" / "dynamics.parquet"]
    records = [folder / run / "records.parquet" for run in PLAIN_RUNS]
    found = []
    for budget in ("1", "4096"):
        monkeypatch.setenv(VARIABLE, budget)
        place = tmp_path / budget
        detection = {
            "output": place / "noise.parquet",
            "curves": place / "c.parquet",
            "differences": place / "d.parquet",
        }
        settings = {"column": "is_corrupt", "role": "train", "bootstrap": 20}
        succeed("compute_detection", settings=settings, scores=scores, examples=data, families=families, **detection)
        suspects = {"output": place / "s.csv", "table": place / "s.parquet", "evidence": place / "e.parquet"}
        inputs = {"scores": scores, "examples": data, "errors": folder / "label-errors.parquet", "records": records}
        succeed("rank_suspects", settings={"score": "aum", "suggest_above": 0.1}, **inputs, **suspects)
        found.append([(place / "s.csv").read_bytes(), *(pd.read_parquet(each) for each in [*detection.values()])])
        found[-1] += [pd.read_parquet(place / name) for name in ("s.parquet", "e.parquet")]
    one, other = found
    assert one[0] == other[0]
    for small, large in zip(one[1:], other[1:], strict=True):
        pd.testing.assert_frame_equal(small, large, check_exact=True)
