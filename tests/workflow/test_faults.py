"""Faults cost time and never results: mistakes are told in one line, killed runs go on, damage is named."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from difficulty.verification import verify
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
    (f"{RUN}/records.parquet", "score_dynamics", flip),
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


def test_verify_finds_every_file_that_is_truncated_deleted_or_outdated(finished, monkeypatch):
    told = finished.run("verify")
    assert "are as they were made and fit the configuration" in told
    monkeypatch.chdir(finished.work)
    expected = json.loads(Path(".snakemake/difficulty/expected.json").read_text())
    files = results_that_count()
    listed = {path for path in files if path.suffix == ".safetensors" or "images" in path.parts}
    assert {str(path) for path in files if path not in listed} == {path for path in expected if Path(path).suffix}
    some_images = {path for path in files if "images" in path.parts and not path.name.endswith("7.png")}
    for path in {*files} - some_images:
        manifest = "results/datasets/few/files.parquet" if "images" in path.parts else f"{path.parent}/manifest.parquet"
        source = manifest if path in listed else str(path)
        assert is_named(path, truncate, {source: expected[source]})
        assert is_named(path, Path.unlink, {source: expected[source]})
    assert is_named(Path("results/datasets/few/images"), move_away, expected)
    figure = "results/figures/evaluations.png"
    other = {figure: {**expected[figure], "code": "0"}}
    assert verify(other).problems == [f"{figure}: was made with other code than the configuration has now"]


def results_that_count() -> list[Path]:
    """All files of results/ but those that a run need not repeat."""
    files = [path for path in sorted(Path("results").rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return [path for path in files if path.parts[1] not in ("benchmarks", "checksums", "logs")]


def is_named(path: Path, damage, expected: dict) -> bool:
    """Whether `verify` names a file or folder once it is damaged; puts it back."""
    content = path.read_bytes() if path.is_file() else None
    damage(path)
    problems = verify(expected).problems
    if content is None:
        path.with_name("away").rename(path)
    else:
        path.write_bytes(content)
    return any(problem.startswith(str(path)) for problem in problems)


def move_away(path: Path) -> None:
    path.rename(path.with_name("away"))


def test_truncated_results_and_deleted_images_are_made_again(finished):
    """Although Snakemake's own rules find nothing to do."""
    scores, suspects = "results/experiments/plain/scores.parquet", "results/experiments/noisy/suspects.csv"
    damaged = [scores, suspects, "results/figures/evaluations.pdf", f"{RUN}/checkpoints/epoch-3.safetensors"]
    for file in damaged:
        damage_unnoticed(finished, file, truncate)
    (finished.work / "results/experiments/plain/seed-1/checkpoints/epoch-3.safetensors").unlink()
    shutil.rmtree(finished.work / "results/datasets/few/images")
    planned, told = finished.planned_and_told()
    for file in damaged:
        assert f"{file}: has " in told and "it is made again" in told
    assert "plain/seed-1/checkpoints/epoch-3.safetensors: is missing" in told
    assert {("collect_scores", "plain"), ("rank_suspects", "noisy"), ("plot_evaluations", "")} <= planned
    assert {("train_model", "plain seed-0"), ("train_model", "plain seed-1"), ("prepare_dataset", "few")} <= planned


def test_a_living_snakemake_is_waited_for(finished):
    """The first is stopped, so that it cannot end; a dry run beside it goes on."""
    finished.configure(changed(figures={"dpi": 51}))
    first = subprocess.Popen(finished.command("--cores", "1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((finished.work / ".snakemake/locks").glob("*.lock")):
        assert first.poll() is None
        time.sleep(0.02)
    jobs = psutil.Process(first.pid).children(recursive=True)
    first.send_signal(signal.SIGSTOP)
    assert finished.planned()
    second = finished.snakemake("--cores", "1")
    for process in [psutil.Process(first.pid), *jobs]:
        process.kill()
    first.wait()
    assert second.returncode == 1 and f"process {first.pid} on " in second.stderr
    assert "still works here; wait for it" in second.stderr and "--unlock" not in second.stderr


def test_verify_names_problems_and_fails(finished):
    damage_unnoticed(finished, f"{RUN}/records.parquet", truncate)
    finished.configure(changed(defaults={"epochs": 2}))
    result = finished.snakemake("--cores", "1", "verify")
    assert result.returncode == 1 and f"{RUN}/records.parquet: is damaged" in result.stderr
    assert f"{RUN}/history.parquet: was made with other settings" in result.stderr
