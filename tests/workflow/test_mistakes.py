"""Mistakes of users are reported in one line each, before anything runs."""

import pytest
from PIL import Image

from tests.support.damage import digests
from tests.support.suites import EVERYTHING
from tests.support.workflows import TINY, Workflow, altered, changed


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


def test_mistakes_on_the_command_line_are_reported_as_such(tmp_path):
    """Settings there are YAML, and what is right is taken; Snakemake itself reads numbers within them as text."""
    given = "defaults={epochs: 2.5, batch_size: 16, seeds: [5]}"
    result = Workflow(tmp_path).snakemake("-n", "--config", given)
    assert result.returncode == 1
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("config.yaml"))
    assert line == "config.yaml with --config: defaults.epochs: expected a whole number 1..100000, got 2.5"


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [1", "line"), ("a: 1\na: 2\n", "line 2: key 'a' occurs twice"), ("- 1", "expected a mapping"), ("\t", "tab")],
)
def test_unreadable_configurations_are_reported_by_file_and_line(tmp_path, text, message):
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


def test_missing_data_are_reported_by_place(tmp_path):
    datasets = {"few": {"source": "image_folder", "path": "photos"}}
    workflow = Workflow(tmp_path, {**TINY, "datasets": datasets})
    result = workflow.snakemake("-n")
    assert result.returncode == 1 and "datasets.few.path: no such folder: photos" in result.stderr
    assert "Traceback" not in result.stderr
    noise = {"kind": "file", "path": "labels.csv"}
    workflow.configure(changed(experiments={"plain": {"weights": "w.pt"}, "noisy": {"label_noise": noise}}))
    (workflow.work / "w.pt").mkdir()
    lines = workflow.snakemake("-n").stderr.splitlines()
    noise = f"no such file: labels.csv, relative to {workflow.work.resolve()}; fix the path"
    assert "config.yaml: experiments.plain.weights: w.pt is a folder, expected a file; fix the path" in lines
    assert f"config.yaml: experiments.noisy.label_noise.path: {noise}" in lines


def test_a_failing_stage_shows_its_log_and_loses_nothing(everything):
    """Settings that do not fit the data: a line for each, the log is named, nothing is trained or lost."""
    before = digests(everything.work / "results/experiments")
    unfit = {"batch_size": 300, "drop_last": True, "normalization": "imagenet"}
    everything.configure(altered(EVERYTHING, experiments__plain=unfit))
    result = everything.started("--cores", "2")
    output = result.stdout + result.stderr
    assert result.returncode == 1
    assert "experiments.plain.batch_size: 300 with drop_last leaves no batch of 100 examples" in output
    assert "experiments.plain.normalization: has 3 means, and images of 'few' have 8 x 8 pixels, 1 channel" in output
    assert "results/logs/experiments/plain/check_experiment.log" in output
    assert "Traceback" not in output and "train_model.py" not in output
    assert digests(everything.work / "results/experiments") == before
    everything.configure(EVERYTHING)
    assert everything.planned() == {("check_experiment", "plain")}
