"""Stages that SIGTERM ends again and again, at times drawn at random, make what undisturbed ones make."""

import hashlib
import json
import random
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from tests.support.scripts import SCRIPTS, succeed
from tests.unit.test_termination import TRAINING

pytestmark = pytest.mark.full

ATTEMPTS = 26
# By this time both stages have begun: before, SIGTERM ends them in silence, as it ends any other program.
STARTS = 0.2


def content(folder):
    """Path -> SHA-256 of each column of the tables in a folder, and of all other files; hidden ones included."""
    found = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix != ".parquet":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.name not in {"timing.parquet", "files.parquet"}:
            for column, values in pq.read_table(path).to_pandas().items():
                found[f"{name}:{column}"] = hashlib.sha256(repr(values.tolist()).encode()).hexdigest()
    return found


class Stage:
    """A script with its options."""

    def __init__(self, name, log, **options):
        self.name, self.log, self.words = name, log, []
        for option, value in {**options, "log": log, "code": "c0de", "upstream": "11"}.items():
            values = value if isinstance(value, list) else [value]
            texts = [json.dumps(each) if isinstance(each, dict) else str(each) for each in values]
            self.words += [f"--{option.replace('_', '-')}", *texts]

    def started(self):
        command = [sys.executable, str(SCRIPTS / f"{self.name}.py"), *self.words]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def seconds(self):
        """How long it takes, undisturbed."""
        began, process = time.monotonic(), self.started()
        told = process.communicate()[1]
        assert process.returncode == 0, told
        return time.monotonic() - began

    def is_stopped_after(self, seconds):
        """Sends SIGTERM; checks what the stage says of it. False if it had ended before."""
        process = self.started()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
        told = process.communicate(timeout=60)[1]
        if process.returncode == 0:
            return False
        lines = [line for line in told.splitlines() if not line.endswith(" left") and line]
        if process.returncode == -signal.SIGTERM:  # before the stage has begun, or after it has ended
            assert all("accuracy after" in line for line in lines), told
            return True
        assert process.returncode == 1 and len(lines) == 1 and "SIGTERM" in lines[0], told
        assert "Traceback" not in self.log.read_text()
        return True


def stop_again_and_again(stage, longest, before_each=lambda: None):
    """How often SIGTERM met the stage before it had finished."""
    draws, stopped = random.Random(0), 0
    for _ in range(ATTEMPTS):
        before_each()
        stopped += stage.is_stopped_after(draws.uniform(STARTS, longest))
    return stopped


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "datasets/few"
    tables = {name: folder / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    settings = {"source": "digits", "limit": {"train": 300, "test": 60}}
    succeed("prepare_dataset", settings=settings, images=folder / "images", **tables)
    labels = tmp_path / "labels.parquet"
    succeed("corrupt_labels", settings={}, examples=tables["examples"], output=labels)
    return {"labels": labels, "pixels": tables["pixels"], "files": tables["files"]}


def training(folder, data, epochs):
    run = folder / "experiments/plain/seed-0"
    outputs = {name: run / f"{name}.parquet" for name in ("records", "online_records", "history", "steps", "timing")}
    given = {**data, **outputs, "checkpoints": run / "checkpoints", "threads": 1, "workers": 0}
    return Stage("train_model", folder / "train_model.log", settings={**TRAINING, "epochs": epochs}, **given)


def test_a_training(tmp_path, data):
    """Each attempt goes on where the last one has ended, so that the same training meets them all."""
    undisturbed, disturbed = (training(tmp_path / name, data, epochs=120) for name in ("a", "b"))
    longest = undisturbed.seconds()
    stopped = stop_again_and_again(disturbed, longest)
    disturbed.seconds()
    assert stopped >= ATTEMPTS // 2
    assert content(tmp_path / "b/experiments") == content(tmp_path / "a/experiments")


def test_a_stage_that_makes_tables(tmp_path, data):
    """Half of the attempts find the tables of an earlier one; none leaves half a table."""
    finished = training(tmp_path, data, epochs=30)
    finished.seconds()
    run = tmp_path / "experiments/plain/seed-0"
    stages = []
    for name in ("a", "b"):
        options = {"records": run / "records.parquet", "output": tmp_path / name / "scores.parquet"}
        stages.append(Stage("score_dynamics", tmp_path / f"{name}.log", settings={}, **options))
    longest, draws = stages[0].seconds(), random.Random(1)
    remembered = content(tmp_path / "a")

    def check_and_remove():
        left = content(tmp_path / "b")
        assert left in ({}, remembered)
        if left and draws.random() < 0.5:
            (tmp_path / "b" / "scores.parquet").unlink()

    stopped = stop_again_and_again(stages[1], longest, check_and_remove)
    stages[1].seconds()
    assert stopped >= ATTEMPTS // 2
    assert content(tmp_path / "b") == remembered
