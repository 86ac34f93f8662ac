"""Through SLURM the workflow makes the same tables as without, whatever is killed on the way."""

import hashlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from difficulty.tables import read_provenance
from tests.slurm.conftest import PROFILE
from tests.support.workflows import TINY, Workflow, changed

pytestmark = pytest.mark.slurm

PLUGINS = Path(__file__).parents[1] / "support" / "plugins"
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
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell ignores it in the background
    )
    lines = iter(process.stderr.readline, "")
    said = next((line for line in lines if "cannot start" in line), "")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert re.match(r"SLURM job \d+ \(rule_prepare_dataset/few\) cannot start: JobHeldUser; it asks for", said)


@pytest.fixture(scope="module")
def suite(tmp_path_factory, partition):
    """The tables of the tiny suite without SLURM."""
    local = Workflow(tmp_path_factory.mktemp("suite"))
    local.run()
    assert local.planned() == set()
    return digests(local)


def test_a_suite_gives_the_same_tables_as_without_slurm(slurm, suite):
    through_slurm = slurm(TINY)
    output = through_slurm.run()
    assert digests(through_slurm) == suite
    assert Workflow.planned(through_slurm) == set()
    # 1 data set, 2 labels, 4 runs, 4 evaluations; scores, figures: 2 each; samples, agreement, detection, evaluations
    assert submitted(output) == 23  # a check of each experiment among them


def test_jobs_that_are_submitted_as_arrays_give_the_same_tables(slurm, suite):
    """As many of a rule as are ready, by one call of sbatch; this needs `jobs` to be larger than that."""
    workflow = slurm(TINY)
    workflow.edit(PROFILE, "jobs: 100", "jobs: 1000\nslurm-array-jobs: train_model,evaluate_run")
    output = workflow.run()
    assert digests(workflow) == suite
    assert re.search(r"Submitted array job with Snakemake IDs \d+,\d+", output), output[-3000:]


def test_results_in_a_storage_give_the_same_tables(slurm, suite, tmp_path, monkeypatch):
    """Each SLURM job fetches into a folder of its own, as on the disk of a node, where only logs and records remain."""
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    workflow, stored, fast = slurm(TINY), Workflow.at(tmp_path / "stored"), tmp_path / "fast"
    place = ["--default-storage-provider", "folder", "--default-storage-prefix", str(stored.work)]
    shared = ["--shared-fs-usage", "persistence", "software-deployment", "sources", "source-cache"]
    refused = workflow.snakemake(*place, *shared)
    assert refused.returncode == 1 and "each would remove files that others read" in refused.stderr
    output = workflow.run(*place, *shared, "--remote-job-local-storage-prefix", f"{fast}/$SLURM_JOB_ID")
    assert digests(stored) == suite
    left = [path for path in fast.rglob("*") if path.is_file()]
    assert len([*fast.iterdir()]) == submitted(output) and {path.suffix for path in left} <= {".log", ".tsv", ".json"}


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
    workflow.edit("workflow/rules/train.smk", "mem_mb=memory,", "mem_mb=lambda wildcards, attempt: 550 * attempt,")
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
    process = start_training(workflow)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(workflow.queued()) == 1


def wait_for_the_queue(workflow):
    while workflow.queued():
        time.sleep(0.5)


def start_training(workflow):
    """Snakemake as a process of its own, as soon as its job has finished three epochs."""
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(workflow.command(EVALUATION, SCORES), start_new_session=True, **pipes)
    while not (workflow.work / RUN / ".partial" / "epoch-3.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.05)
    return process


def training_log(workflow):
    return (workflow.work / "results/logs/experiments/plain/seed-0/train_model.log").read_text()


def test_a_training_that_reaches_its_time_limit_goes_on(slurm, tmp_path):
    """A minute, the shortest limit of SLURM, is not enough for the first attempt; the second may take two."""
    config = changed(**{**ONE_RUN, "defaults": {**ONE_RUN["defaults"], "epochs": 600}})
    workflow = slurm(config)
    workflow.edit(PROFILE, "train_model: &gpu {gpu: 0}", "train_model: &gpu {gpu: 0, runtime: attempt}")
    workflow.edit(PROFILE, "retries: 2", "retries: 9")
    workflow.run(EVALUATION, SCORES)
    stopped = [log for log in workflow.slurm_logs("train_model") if re.search("due to time limit", log, re.I)]
    said = re.findall(r"train_model: ended by SIGTERM after epoch (\d+) of 600; the next attempt", "".join(stopped))
    assert stopped and len(said) == len(stopped) and "Traceback" not in "".join(stopped)
    assert f"resumed after epoch {said[-1]}\n" in training_log(workflow)
    local = Workflow(tmp_path / "local", config)
    local.run(EVALUATION, SCORES)
    assert digests(workflow) == digests(local)


def test_a_job_that_is_preempted_goes_on_in_its_next_attempt(slurm, undisturbed):
    """SIGTERM reaches all its processes, as where SLURM announces preemption; Snakemake submits it once more."""
    workflow = slurm(ONE_RUN)
    process = start_training(workflow)
    subprocess.run(["scancel", "--signal=TERM", *workflow.queued()], check=True)
    output = process.communicate(timeout=600)[1]
    assert process.returncode == 0, output[-3000:]
    said = re.findall(r"\| .* ERROR ended by SIGTERM after epoch (\d+) of 60; the next attempt", output)
    assert len(said) == 1 and "Traceback" not in output
    assert f"resumed after epoch {said[0]}\n" in training_log(workflow)
    assert digests(workflow) == undisturbed
    assert Workflow.planned(workflow, EVALUATION, SCORES) == set()


def test_a_job_that_slurm_queues_again_goes_on(slurm, undisturbed):
    """With `slurm-requeue`, preemption leaves the job in the queue under its number: Snakemake only waits longer."""
    workflow = slurm(ONE_RUN)
    workflow.edit(PROFILE, "retries: 2", "slurm-requeue: true\nretries: 0")
    process = start_training(workflow)
    (number,) = workflow.queued()
    subprocess.run(["scontrol", "requeue", number], check=True)
    assert workflow.queued() == [number]
    # SLURM lets a job that was queued again wait for two minutes.
    subprocess.run(["scontrol", "update", f"JobId={number}", "StartTime=now"], check=False)
    output = process.communicate(timeout=600)[1]
    assert process.returncode == 0, output[-3000:]
    assert "FAILED" not in output and "Traceback" not in output
    assert re.search(r"resumed after epoch \d+\n", training_log(workflow))
    assert digests(workflow) == undisturbed


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
    assert ("epoch 1: loss" in training_log(workflow)) == (fate == "finishes")
    assert digests(workflow) == undisturbed
    assert Workflow.planned(workflow, EVALUATION, SCORES) == set()
