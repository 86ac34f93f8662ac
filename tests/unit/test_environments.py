"""The conda files install what the lock file says, and the lock file says nothing of where from."""

import importlib.util
from pathlib import Path

import pytest

ENVS = Path(__file__).parents[2] / "envs"
SPEC = importlib.util.spec_from_file_location("write_conda_envs", ENVS / "write_conda_envs.py")
writer = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(writer)
LOCK = (ENVS / "requirements.txt").read_text()


@pytest.mark.parametrize("kind", writer.ENVIRONMENTS)
def test_conda_files_are_up_to_date(kind):
    expected = writer.environment(writer.ENVIRONMENTS[kind], writer.locked_versions(LOCK))
    assert (ENVS / f"{kind}.yaml").read_text() == expected, "run `make lock`"


def test_lock_file_has_exact_versions_and_no_index():
    for line in LOCK.splitlines():
        assert line.startswith(("    #", "#")) or "==" in line, line
        assert "://" not in line and not line.startswith("-"), line
