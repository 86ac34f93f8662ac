"""Jobs at the same time get GPUs of their own, as long as there are enough."""

import os
import subprocess
import sys

import pytest
import torch

from difficulty import devices, gpu_locks
from difficulty.gpu_locks import take_gpus, visible_gpus
from tests.support.scripts import SCRIPTS

JOB = f"""
import logging, sys
from pathlib import Path
sys.path.insert(0, {str(SCRIPTS)!r})
from difficulty.gpu_locks import take_gpus, visible_gpus
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
names = visible_gpus(int(sys.argv[2]))
print(*take_gpus(int(sys.argv[3]), names, Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a job and returns it with the positions of its GPUs and what it has logged."""
    jobs = []

    def started(count=1, visible="0,1,2", machine=3):
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": visible}
        command = [sys.executable, "-c", JOB, str(tmp_path / "locks"), str(machine), str(count)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        jobs.append(subprocess.Popen(command, env=environment, **pipes))
        logged = []
        while not (line := jobs[-1].stdout.readline()).replace(" ", "").strip().isdigit():
            assert line
            logged.append(line)
        return jobs[-1], [int(position) for position in line.split()], "".join(logged)

    yield started
    for job in jobs:
        job.kill()
        job.communicate()


def test_each_job_has_a_gpu_of_its_own(start):
    assert [start()[1] for _ in range(3)] == [[0], [1], [2]]


def test_a_killed_job_leaves_its_gpu_to_the_next(start):
    first, _, _ = start()
    start()
    first.kill()
    first.wait()
    assert start()[1] == [0]


def test_a_training_on_two_gpus_has_both_for_itself(start):
    assert start(count=2)[1] == [0, 1]
    assert start()[1] == [2]


def test_gpus_are_shared_where_none_is_free(start):
    for _ in range(3):
        start()
    _, taken, logged = start()
    assert len(taken) == 1 and taken[0] in range(3)
    assert f"GPU {taken[0]}: shared with other jobs, none is free\n" in logged


def test_gpus_are_told_apart_by_the_names_that_jobs_see_them_by(start):
    """Two jobs that see the same GPU at different positions."""
    assert start(visible="5,7", machine=2)[1] == [0]
    assert start(visible="3,5,7")[1] == [0]
    assert start(visible="5,7", machine=2)[1] == [1]
    assert start(visible="7,3,9")[1] == [2]


def test_a_job_that_sees_one_gpu_takes_it_whoever_has_it(start, tmp_path):
    """As SLURM gives it one."""
    assert start(visible="GPU-aa", machine=1)[1] == start(visible="GPU-aa", machine=1)[1] == [0]
    assert not (tmp_path / "locks").exists()


def test_without_a_place_for_locks_a_gpu_is_taken_anyway(tmp_path):
    (tmp_path / "file").touch()
    assert take_gpus(1, ["0", "1"], tmp_path / "file" / "locks")[0] in {0, 1}


@pytest.mark.parametrize(
    ("visible", "names"), [("2,GPU-ab", ["2", "GPU-ab"]), ("", ["0", "1"]), ("0,1,-1,2", ["0", "1"])]
)
def test_names_of_visible_gpus(monkeypatch, visible, names):
    """CUDA ends the list at what is no device: then names are the numbers of those that are left."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_gpus(2) == names


def test_a_stage_computes_on_the_gpu_that_it_has_taken(monkeypatch, tmp_path):
    chosen = []
    monkeypatch.setattr(gpu_locks.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    take_gpus(1, ["4", "9"], tmp_path / f"difficulty-gpus-{os.getuid()}")  # another job's
    devices.own_gpus.cache_clear()
    try:
        assert [devices.choose_device({}).type for _ in range(2)] == ["cuda", "cuda"]
        assert chosen == [1, 1]
    finally:
        devices.own_gpus.cache_clear()
        while gpu_locks._locked:
            gpu_locks._locked.pop().close()
