"""Jobs together take no more memory than the machine has, unless the user says how much they may take."""

from types import SimpleNamespace

import pytest
from snakemake.resources import Resources

from difficulty.driver import machine_memory


def limits(monkeypatch, given: dict, local_exec: bool = True) -> Resources:
    """What jobs may take on a machine of 2,000 MiB."""
    monkeypatch.setattr(machine_memory, "memory_size", lambda: 2000 << 20)
    workflow = SimpleNamespace(local_exec=local_exec, global_resources=Resources.from_mapping(given))
    machine_memory.limit_memory_to_the_machine(workflow)
    return workflow.global_resources


def test_jobs_share_the_memory_of_the_machine(monkeypatch):
    assert limits(monkeypatch, {})["mem_mb"].value == 1900


@pytest.mark.parametrize("name", ["mem_mb", "mem", "mem_mib"])
def test_what_the_user_says_stays(monkeypatch, name):
    assert limits(monkeypatch, {name: 5000})["mem_mb"].value >= 5000


def test_a_cluster_has_more_memory_than_this_machine(monkeypatch):
    assert "mem_mb" not in limits(monkeypatch, {}, local_exec=False)
