"""Through SLURM the workflow makes the same tables as without, whatever is killed on the way."""

import hashlib
import os
import re
import signal
import subprocess
import time

import pyarrow.parquet as pq
import pytest
import yaml

from difficulty.tables import read_provenance
from tests.slurm.conftest import PROFILE
from tests.support.workflows import TINY, Workflow, changed

pytestmark = pytest.mark.slurm

RUN = "results/experiments/plain/seed-0"
SCORES = "results/experiments/plain/scores.parquet"
EVALUATION = f"{RUN}/evaluation.parquet"
# Seconds, and inodes: they differ between two runs of the same thing.
DIFFERENT = {"timing.parquet", "files.parquet"}
ONE_RUN = changed(
    datasets={"few": {"source": "digits", "limit": {"train": 600, "test": 30}}},
    defaults={"architecture": "resnet9", "width": 8, "epochs": 60, "seeds": [0]},
)


# Every analysis of a few small images: the stages that ask for several threads, and all groups of the profile.
ALL_ANALYSES = {
    "datasets": {
        "few": {"source": "digits", "limit": {"train": 60, "test": 20}},
        "easy": {
            "source": "subset",
            "of": "few",
            "select": {
                "by": "score",
                "score": "aum",
                "experiment": "noisy",
                "seeds": [0],
                "keep": "easiest",
                "fraction": 0.5,
            },
        },
        "half": {"source": "subset", "of": "few", "select": {"by": "random", "fraction": 0.5}},
    },
    "defaults": {**TINY["defaults"], "epochs": 4, "seeds": [0]},
    "experiments": {
        "noisy": {"label_noise": {"kind": "symmetric", "fraction": 0.2}},
        "held": {"folds": 2},
        "easy": {"dataset": "easy"},
        "half": {"dataset": "half"},
    },
    "evaluations": {"half": ["few"]},
    "analyses": {
        "agreement": {"groups": {"pair": ["noisy", "held"]}},
        "comparisons": {"pair": ["noisy", "held"]},
        "generalization": {"halves": {"experiments": ["easy", "half"], "control": "half"}},
        "correlation": {"bootstrap": 20},
        "detection": {"bootstrap": 20},
        "vog": {"experiments": ["noisy"], "checkpoints": 4, "out_of_distribution": ["half"]},
        "prediction_depth": {"experiments": ["noisy"], "k": 5},
        "images": {"statistics": "all"},
        "relations": {"experiments": ["noisy"]},
        "influence": {"experiments": ["noisy"]},
        "coherence": {"experiments": ["noisy"]},
    },
    "figures": {"dpi": 50, "image_maps": {"experiments": ["noisy"], "count": 2}},
}


def digests(workflow):
    """SHA-256 of tables, checkpoints and lists; each table is read to its end before."""
    results, found = workflow.work / "results", {}
    for path in sorted(results.rglob("*")):
        name = path.relative_to(results).as_posix()
        counts = path.suffix in {".parquet", ".safetensors", ".csv"} and not name.startswith("benchmarks/")
        if counts and not path.name.endswith(tuple(DIFFERENT)):
            if path.suffix == ".parquet":
                pq.read_table(path, page_checksum_verification=True)
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def submitted(output):
    """How many SLURM jobs Snakemake reports."""
    return len(re.findall(r"has been submitted with SLURM jobid", output))


def test_every_analysis_gives_the_same_tables_as_without_slurm(slurm, tmp_path):
    """Also on nodes with fewer processors than a stage would like threads."""
    through_slurm = slurm(ALL_ANALYSES)
    through_slurm.run()
    local = Workflow(tmp_path / "local", ALL_ANALYSES)
    local.run()
    made = digests(local)
    assert digests(through_slurm) == made
    assert len(made) > 60 and Workflow.planned(through_slurm) == set()


def test_a_job_that_cannot_start_is_reported(slurm):
    workflow = slurm(TINY)
    workflow.edit(PROFILE, "  bundled: 1\n\nset", "  bundled: 1\n  slurm_extra: \"'--hold'\"\n\nset")
    workflow.edit("workflow/scripts/difficulty/driver/cluster.py", "QUESTIONS = 30", "QUESTIONS = 1")
    command = workflow.command("results/datasets/few/examples.parquet")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    lines = iter(process.stderr.readline, "")
    said = next((line for line in lines if "cannot start" in line), "")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert re.match(r"SLURM job \d+ \(rule_prepare_dataset/few\) cannot start: JobHeldUser; it asks for", said)


def test_a_suite_gives_the_same_tables_as_without_slurm(slurm, tmp_path):
    through_slurm = slurm(TINY)
    output = through_slurm.run()
    local = Workflow(tmp_path / "local")
    local.run()
    assert digests(through_slurm) == digests(local)
    assert local.planned() == set()
    assert Workflow.planned(through_slurm) == set()
    # 1 data set, 2 labels, 4 runs, 4 evaluations; scores, figures: 2 each; samples, agreement, detection, evaluations
    assert submitted(output) == 23  # a check of each experiment among them


def test_configuration_on_the_command_line_reaches_the_jobs(slurm):
    workflow = slurm(TINY)
    recipe = workflow.work.parent / "my recipe.yaml"
    noise = {"label_noise": {"kind": "symmetric", "fraction": 0.3, "seed": 0}}
    recipe.write_text(yaml.safe_dump({**TINY, "experiments": {"noisier": noise}}))
    labels = [f"results/experiments/{experiment}/labels.parquet" for experiment in ("noisier", "further")]
    workflow.run(*labels, "--configfile", str(recipe), "--config", "experiments={further: {dataset: few}}")
    used = [read_provenance(workflow.work / path)["settings"] for path in labels]
    assert used == [noise, {}]


def test_a_job_that_is_killed_for_memory_succeeds_with_more(slurm):
    """Python with torch takes more than 550 MB and less than 1,650 MB, Snakemake's own included."""
    workflow = slurm(changed(experiments={"plain": {"epochs": 100}}))
    workflow.edit("workflow/rules/train.smk", "6000 * attempt", "550 * attempt")
    workflow.run(f"{RUN}/records.parquet")
    killed = workflow.slurm_logs("train_model")
    assert killed and all(re.search("exceeded memory limit|oom.kill|out of memory", log, re.I) for log in killed)
    assert digests(workflow)[f"{RUN.removeprefix('results/')}/records.parquet"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, partition):
    """The tables of a run that nothing happens to, without SLURM."""
    workflow = Workflow(tmp_path_factory.mktemp("undisturbed"), ONE_RUN)
    workflow.run(EVALUATION, SCORES)
    return digests(workflow)


def kill_snakemake_during_training(workflow):
    process = subprocess.Popen(
        workflow.command(EVALUATION, SCORES),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (workflow.work / RUN / ".partial" / "epoch-3.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(workflow.queued()) == 1


def wait_for_the_queue(workflow):
    while workflow.queued():
        time.sleep(0.5)


@pytest.mark.parametrize("fate", ["runs on", "is cancelled", "finishes"])
def test_snakemake_is_killed_and_its_job(slurm, undisturbed, fate):
    """Afterwards: the same tables, written by one job at a time, and nothing trained twice."""
    workflow = slurm(ONE_RUN)
    kill_snakemake_during_training(workflow)
    if fate == "is cancelled":
        subprocess.run(["scancel", *workflow.queued()], check=True)
    if fate != "runs on":
        wait_for_the_queue(workflow)
    output = workflow.run(EVALUATION, SCORES)
    assert ("cancelling SLURM jobs" in output) == (fate == "runs on")
    assert ("train_model plain seed-0" in output) == (fate != "finishes")
    log = (workflow.work / "results/logs/experiments/plain/seed-0/train_model.log").read_text()
    assert ("epoch 1: loss" in log) == (fate == "finishes")
    assert digests(workflow) == undisturbed
    assert Workflow.planned(workflow, EVALUATION, SCORES) == set()
