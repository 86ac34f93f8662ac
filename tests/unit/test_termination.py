"""SIGTERM ends a stage in time, and the next attempt goes on."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.support.scripts import SCRIPTS, run_script, succeed

WRITING = f"""
import sys, time
sys.path.insert(0, {str(SCRIPTS)!r})
from difficulty.atomic_files import atomic_path
from difficulty.stage import arguments, required_paths, run_stage

def main(args):
    with atomic_path(args.output) as temporary:
        temporary.write_text("half")
        time.sleep(60)

parser = arguments("writes")
required_paths(parser, "output")
run_stage(main, parser)
"""
EPOCHS = 4
TRAINING = {
    "architecture": "mlp",
    "width": 16,
    "optimizer": {"name": "sgd", "lr": 0.05},
    "schedule": {"name": "constant"},
    "epochs": EPOCHS,
    "batch_size": 16,
    "drop_last": False,
    "augmentation": {"crop": 1, "flip": False},
    "records": "clean",
    "checkpoints": "last",
    "device": "cpu",
}


def started(script, **options):
    """A stage that leads a group of its processes, as one of a SLURM job does."""
    command = [sys.executable, str(script)]
    for option, value in options.items():
        command += [f"--{option.replace('_', '-')}", str(value)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


MEASURING = f"""
import sys, time
sys.path.insert(0, {str(SCRIPTS)!r})
from difficulty.side_by_side import mapped
from difficulty.stage import arguments, required_paths, run_stage

def main(args):
    for _ in mapped(time.sleep, [0, 0, 0, 0, 600, 600, 600], 2):
        args.output.touch()

if __name__ == "__main__":
    parser = arguments("measures")
    required_paths(parser, "output")
    run_stage(main, parser)
"""


def wait_for(process, found):
    while not found():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for_the_end(processes):
    """One that was just being started looks every 5 s whether its parent still is."""
    deadline = time.monotonic() + 20
    while any(map(is_alive, processes)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_half_written_file_is_removed(tmp_path):
    script, results = tmp_path / "write.py", tmp_path / "results"
    script.write_text(WRITING)
    process = started(script, output=results / "a.csv", log=tmp_path / "write.log")
    wait_for(process, lambda: results.exists() and [*results.iterdir()])
    process.terminate()
    told = process.communicate(timeout=30)[1]
    assert told == f"write: stopped by SIGTERM (log: {tmp_path / 'write.log'})\n" and process.returncode == 1
    assert not [*results.iterdir()]


@pytest.mark.parametrize(
    ("send", "number"),
    [(os.kill, signal.SIGTERM), (os.killpg, signal.SIGTERM), (os.killpg, signal.SIGINT)],
    ids=["process", "group", "Ctrl-C"],
)
def test_a_pool_of_processes_ends_with_its_stage(tmp_path, send, number):
    script, output = tmp_path / "measure.py", tmp_path / "output"
    script.write_text(MEASURING)
    process = started(script, output=output, log=tmp_path / "measure.log")
    wait_for(process, output.exists)
    children = psutil.Process(process.pid).children()
    send(process.pid, number)
    told = process.communicate(timeout=30)[1]
    assert told == f"measure: stopped by {number.name} (log: {tmp_path / 'measure.log'})\n" and process.returncode == 1
    assert len(children) > 2
    wait_for_the_end(children)


@pytest.fixture
def inputs(tmp_path):
    """40 digits whose images stay in files, which another process decodes."""
    data, folder = tmp_path / "datasets/few", tmp_path / "experiments/plain"
    tables = {name: data / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    settings = {"source": "digits", "limit": {"train": 40, "test": 10}, "storage": "files"}
    succeed("prepare_dataset", settings=settings, images=data / "images", **tables)
    labels = folder / "labels.parquet"
    succeed("corrupt_labels", settings={}, examples=tables["examples"], output=labels)
    return {"labels": labels, "pixels": tables["pixels"], "files": tables["files"]}


@pytest.mark.parametrize("send", [pytest.param(os.kill, marks=pytest.mark.full, id="process"), os.killpg])
def test_a_training_ends_and_goes_on_after_its_last_epoch(tmp_path, inputs, send):
    """Together with the process that decodes images for it, whichever of the two is told first."""
    run = tmp_path / "experiments/plain/seed-0"
    names = ("records", "online_records", "history", "steps", "timing")
    outputs = {name.replace("_", "-"): run / f"{name}.parquet" for name in names}
    options = {**inputs, **outputs, "checkpoints": run / "checkpoints", "threads": 1, "workers": 1}
    options["log"] = tmp_path / "train_model.log"
    process = started(SCRIPTS / "train_model.py", settings=json.dumps(TRAINING), code="c0de", upstream="11", **options)
    children = []

    def is_decoding():
        children[:] = psutil.Process(process.pid).children()
        return children and (run / ".partial/outcomes-1.safetensors").exists()

    wait_for(process, is_decoding)
    send(process.pid, signal.SIGTERM)
    told = process.communicate(timeout=30)[1]
    *progress, last = told.splitlines()
    line = rf"train_model: ended by SIGTERM after epoch (\d+) of {EPOCHS}; the next attempt goes on from there \(.*\)"
    assert (found := re.fullmatch(line, last)) and process.returncode == 1, told
    assert all(each.endswith(" left") for each in progress)
    assert not [*run.glob(".partial/.*")]
    wait_for_the_end(children)
    done = run_script("train_model", settings=TRAINING, **options)
    assert done.returncode == 0, done.stderr
    log = options["log"].read_text()
    assert f"resumed after epoch {found[1]}\n" in log and f"epoch {EPOCHS}: loss" in log
    assert outputs["records"].exists() and not (run / ".partial").exists()
