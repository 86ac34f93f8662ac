"""Faults cost time and never results: mistakes are told in one line, killed runs go on, damage is named."""

import hashlib
import os
import shutil
import signal
import subprocess
import time

import psutil
import pytest
from PIL import Image

from tests.workflow.conftest import TINY, Workflow, changed

RUN = "results/experiments/plain/seed-0"
SLOW = changed(
    defaults={"architecture": "resnet9", "width": 8, "epochs": 6, "seeds": [0]},
    datasets={"few": {"source": "digits", "limit": {"train": 600, "test": 30}}},
)


def digests(folder):
    """SHA-256 of every file of a run but its seconds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("timing.parquet", ".snakemake_timestamp"))
    }


@pytest.mark.parametrize(
    ("config", "lines"),
    [
        (
            changed(defaults={"epoch": 3, "seeds": "0"}, experiments={"noisy": {"dataset": "fwe"}}),
            ["defaults.epoch: unknown key, did you mean 'epochs'?", "defaults.seeds:", "experiments.noisy.dataset:"],
        ),
        (changed(figures={"dpi": True}), ["figures.dpi: expected a whole number 30..1200, got true"]),
    ],
)
def test_wrong_configurations_give_one_line_each_and_no_traceback(tmp_path, config, lines):
    workflow = Workflow(tmp_path, config)
    result = workflow.snakemake("-n")
    assert result.returncode == 1
    found = [line for line in result.stderr.splitlines() if line.startswith("config.yaml: ")]
    assert len(found) == len(lines)
    for line in lines:
        assert any(f"config.yaml: {line}" in other for other in found), result.stderr
    assert "Traceback" not in result.stderr + result.stdout and "Error in" not in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [1", "line"), ("a: 1\na: 2\n", "line 2: key 'a' occurs twice"), ("- 1", "expected a mapping"), ("\t", "tab")],
)
def test_unreadable_configurations_are_told_by_file_and_line(tmp_path, text, message):
    workflow = Workflow(tmp_path)
    (workflow.work / "config.yaml").write_text(text)
    result = workflow.snakemake("-n")
    assert result.returncode == 1 and message in result.stderr
    assert "Traceback" not in result.stderr


def test_folders_may_have_odd_names_and_hold_images_and_results(tmp_path):
    workflow = Workflow(tmp_path / "it's a clone", {"datasets": {"own": {"source": "image_folder", "path": "."}}})
    with (workflow.work / "config.yaml").open("a") as file:
        file.write("defaults: {dataset: own}")
    for name in ("a", "b c"):
        (workflow.work / "train" / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(workflow.work / "train" / name / "it's one.png")
    workflow.run("data")
    assert workflow.planned("data") == set()
    Image.new("L", (8, 8)).save(workflow.work / "train" / "a" / "another.png")
    assert ("prepare_dataset", "own") in workflow.planned("data")


def test_missing_data_are_told_by_place(tmp_path):
    datasets = {"few": {"source": "image_folder", "path": "photos"}}
    workflow = Workflow(tmp_path, {**TINY, "datasets": datasets})
    result = workflow.snakemake("-n")
    assert result.returncode == 1 and "datasets.few: no such file or folder: photos" in result.stderr
    assert "Traceback" not in result.stderr
    noise = {"kind": "file", "path": "labels.csv"}
    workflow.configure(changed(experiments={"plain": {"weights": "w.pt"}, "noisy": {"label_noise": noise}}))
    (workflow.work / "w.pt").mkdir()
    lines = workflow.snakemake("-n").stderr.splitlines()
    assert "experiments.plain.weights: w.pt is a folder, expected a file; fix the path" in lines
    assert "experiments.noisy.label_noise.path: no such file: labels.csv; fix the path" in lines


def test_a_failing_stage_shows_its_log_and_loses_nothing(finished):
    """Settings that do not fit the data: a line for each, the log is named, nothing is trained or lost."""
    before = digests(finished.work / "results/experiments")
    unfit = {"batch_size": 300, "drop_last": True, "normalization": "imagenet"}
    finished.configure(changed(experiments={"plain": unfit}))
    result = finished.snakemake("--cores", "2")
    output = result.stdout + result.stderr
    assert result.returncode == 1
    assert "experiments.plain.batch_size: 300 with drop_last leaves no batch of 100 examples" in output
    assert "experiments.plain.normalization: has 3 means, and images of 'few' have 8 x 8 pixels, 1 channel" in output
    assert "results/logs/experiments/plain/check_experiment.log" in output
    assert "Traceback" not in output and "train_model.py" not in output
    assert digests(finished.work / "results/experiments") == before
    finished.configure(TINY)
    assert finished.planned() == {("check_experiment", "plain")}


@pytest.mark.parametrize("victim", ["job", "driver"])
def test_training_killed_with_9_resumes_to_the_same_bytes(tmp_path, victim):
    whole = Workflow(tmp_path / "whole", SLOW)
    whole.run(f"{RUN}/records.parquet")
    killed = Workflow(tmp_path / "killed", SLOW)
    process = subprocess.Popen(
        killed.command("--cores", "1", f"{RUN}/records.parquet"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    partial = killed.work / RUN / ".partial"
    while not (partial / "epoch-2.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.02)
    if victim == "driver":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        for job in psutil.Process(process.pid).children(recursive=True):
            job.kill()
    process.wait()
    assert partial.exists() and not (killed.work / RUN / "records.parquet").exists()
    killed.run(f"{RUN}/records.parquet")
    log = (killed.work / "results/logs/experiments/plain/seed-0/train_model.log").read_text()
    assert "epoch 1: loss" not in log and "epoch 6: loss" in log
    assert digests(killed.work / RUN) == digests(whole.work / RUN)


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


DAMAGED = [
    (f"{RUN}/records.parquet", "score_dynamics", truncate),
    (f"{RUN}/checkpoints/epoch-3.safetensors", "evaluate_run", flip),
    ("results/datasets/few/pixels.parquet", "train_model", flip),
]


def damage_unnoticed(workflow, file, damage):
    """Damages a file and gives it back its times, so that Snakemake sees no difference."""
    path = workflow.work / file
    times = path.stat()
    damage(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return path


@pytest.mark.parametrize(("file", "consumer", "damage"), DAMAGED)
def test_damaged_artifacts_are_named_and_never_used(finished, file, consumer, damage):
    damage_unnoticed(finished, file, damage)
    result = finished.snakemake("--cores", "2", "--forcerun", consumer, "--until", consumer)
    output = result.stdout + result.stderr
    assert result.returncode == 1 and file in output and "run the workflow again" in output


@pytest.mark.full
@pytest.mark.parametrize(("file", "consumer", "damage"), DAMAGED)
def test_damaged_artifacts_are_rebuilt_once_they_are_deleted(finished, file, consumer, damage):
    before = digests(finished.work / "results/experiments")
    path = damage_unnoticed(finished, file, damage)
    shutil.rmtree(path.parent) if path.suffix == ".safetensors" else path.unlink()
    finished.run()
    assert finished.planned() == set()
    assert digests(finished.work / "results/experiments") == before


def test_what_a_killed_job_left_half_written_is_no_table(finished):
    (finished.work / RUN / ".records.parquet.k3qz81x_.parquet").write_bytes(b"PAR1")
    assert finished.planned() == set()


def test_verify_finds_results_good(finished):
    result = finished.snakemake("--cores", "1", "verify")
    assert result.returncode == 0
    assert "are as they were made and fit the configuration" in result.stdout + result.stderr
    damage_unnoticed(finished, f"{RUN}/records.parquet", truncate)
    result = finished.snakemake("--cores", "1", "verify")
    assert result.returncode == 1 and f"{RUN}/records.parquet: is damaged" in result.stdout + result.stderr
    image = next((finished.work / "results/datasets/few/images").rglob("*.png"))
    image.write_bytes(b"")
    result = finished.snakemake("--cores", "1", "verify")
    assert result.returncode == 1 and image.name in result.stdout + result.stderr
    finished.configure(changed(defaults={"epochs": 2}))
    result = finished.snakemake("--cores", "1", "verify")
    assert f"{RUN}/history.parquet: was made with other settings" in result.stdout + result.stderr
