"""The campaign of faults leaves out no rule that makes files."""

import pytest
import yaml

from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.plan.plan import Plan
from tests.faults import rare, suite
from tests.support.rule_files import jobs, rules_with_files
from tests.support.suites import CONFIGS
from tests.support.voc import write_devkit
from tests.support.workflows import ROOT

ON_DEMAND = {"build_review", "export_results"}  # by the targets of the suite of rare rules
GIVEN = ["run0.parquet", "run1.parquet", "vectors.npy", "vectors_of_test.npy", "votes.npy"]
GIVEN += [f"own-{seed}-{epoch}.safetensors" for seed in (0, 1) for epoch in range(4)]


@pytest.fixture
def user_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_devkit(tmp_path / "VOCdevkit")
    for name in [*GIVEN, "start.safetensors", "probabilities.npy", "unseen.parquet", "seconds.csv"]:
        (tmp_path / name).touch()
    return tmp_path


def test_every_rule_is_one_of_a_suite(user_files):
    found = set(ON_DEMAND)
    for config in (suite.CONFIG, rare.CONFIG, *CONFIGS.values()):
        own = user_files / "config.yaml"
        own.write_text(yaml.safe_dump(config))
        found |= {job.rule for job in jobs(Plan(resolve(load([ROOT / "config.yaml", own])), lambda *names: "code"))}
    assert rules_with_files() == found


def test_stages_that_are_killed_and_readers_of_what_is_damaged_are_rules():
    assert {*suite.KILLED, *suite.IN_PARTS, *suite.DAMAGED.values()} <= rules_with_files()
