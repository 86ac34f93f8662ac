"""Injects faults into a small suite and reports what became of each: `make faults`, an hour or so on two cores.

After every fault the workflow is started again. It must end with the bytes of an undisturbed run, or refuse with an
error that names the damaged file and, once that is deleted, end with those bytes. Moments are drawn from --seed.
"""

import argparse
import contextlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from tests.workflow.conftest import TINY, Workflow
from tests.workflow.test_faults import damage_unnoticed, digests, truncate

SELECT = {"by": "score", "score": "aum", "experiment": "plain", "seeds": [0], "keep": "easiest", "fraction": 0.5}
DRAWN = {"by": "random", "fraction": 0.5}
CONFIG = {
    **TINY,
    "datasets": {
        **TINY["datasets"],
        "easy": {"source": "subset", "of": "few", "select": SELECT},
        "drawn": {"source": "subset", "of": "few", "select": DRAWN},
    },
    "defaults": {**TINY["defaults"], "seeds": [0]},
    "experiments": {
        "plain": {"label_noise": {"kind": "symmetric", "fraction": 0.2}},
        "easy": {"dataset": "easy"},
        "drawn": {"dataset": "drawn"},
    },
    "analyses": {
        **TINY["analyses"],
        "vog": {"experiments": ["plain"], "stages": {"late": [1, 2, 3]}, "keep_gradients": True},
        "prediction_depth": {"experiments": ["plain"]},
        "influence": {
            "experiments": ["plain"],
            "strategies": ["identity", "ekfac"],
            "shards": 2,
            "queries": {"tests": {"count": 5}},
        },
        "generalization": {"halves": {"experiments": ["easy", "drawn"], "control": "drawn"}},
    },
}
# Stages that are killed, with the longest time in seconds that they are given before.
KILLED = {
    "prepare_dataset": 3,
    "link_subset": 3,
    "corrupt_labels": 2,
    "check_experiment": 2,
    "train_model": 8,
    "evaluate_run": 6,
    "extract_gradients": 6,
    "compute_vog": 2,
    "probe_neighbors": 6,
    "vote_probes": 2,
    "fit_factors": 6,
    "sum_curvature": 6,
    "merge_factors": 4,
    "score_self_influence": 6,
    "choose_queries": 2,
    "score_pairwise_influence": 6,
    "rank_influential": 2,
    "compute_influence_agreement": 2,
    "score_dynamics": 2,
    "collect_scores": 2,
    "compute_correlation": 2,
    "compute_detection": 2,
    "rank_suspects": 2,
    "collect_evaluations": 2,
    "collect_generalization": 2,
    "compute_traits": 2,
    "plot_gallery": 3,
    "plot_training": 3,
}
RUN = "results/experiments/plain/seed-0"
# Artifacts that are damaged, and a stage that reads them.
DAMAGED = {
    "results/datasets/few/examples.parquet": "link_subset",
    "results/datasets/few/pixels.parquet": "train_model",
    "results/datasets/few/files.parquet": "train_model",
    "results/experiments/plain/labels.parquet": "train_model",
    f"{RUN}/records.parquet": "score_dynamics",
    f"{RUN}/gradients/epoch-2.parquet": "compute_vog",
    f"{RUN}/vog.parquet": "score_vog",
    f"{RUN}/neighbors/epoch-3.parquet": "vote_probes",
    f"{RUN}/votes/epoch-3.parquet": "score_prediction_depth",
    f"{RUN}/factors/ekfac-epoch-3/epoch-3.safetensors": "score_self_influence",
    f"{RUN}/influence/ekfac-epoch-3.parquet": "score_influence",
    "results/experiments/plain/queries/tests.parquet": "score_pairwise_influence",
    f"{RUN}/pairwise/tests/ekfac-epoch-3.parquet": "rank_influential",
    f"{RUN}/history.parquet": "plot_training",
    f"{RUN}/steps.parquet": "plot_training",
    f"{RUN}/evaluation.parquet": "collect_evaluations",
    f"{RUN}/checkpoints/epoch-3.safetensors": "evaluate_run",
    "results/experiments/plain/scores/dynamics.parquet": "collect_scores",
    "results/experiments/plain/scores.parquet": "rank_suspects",
    "results/generalization/halves.parquet": "plot_generalization",
    "results/generalization/halves-traits.parquet": "plot_traits",
}
VOLATILE = {"benchmarks", "checksums", "logs"}
SKIPPED = {"files.parquet"}  # inodes and times


@dataclass
class Trial:
    """One fault: what it is called, and what does it to a copy of the finished suite or to a fresh one."""

    name: str
    inject: Callable[[Workflow, random.Random], str]
    fresh: bool = False
    targets: tuple[str, ...] = ("data", "runs", "scores")  # what must be made again; () is everything, with figures


def result_digests(workflow: Workflow) -> dict[str, str]:
    """Digest of everything below results/ that must be the same in every run."""
    found = digests(workflow.work / "results")
    return {
        name: value
        for name, value in found.items()
        if name.split("/")[0] not in VOLATILE and Path(name).name not in SKIPPED and "/.partial/" not in name
    }


def start(workflow: Workflow, *arguments: str) -> subprocess.Popen:
    """Snakemake in a session of its own."""
    log = (workflow.work / "killed.log").open("w")
    return subprocess.Popen(
        workflow.command("--cores", "1", *arguments), stdout=log, stderr=log, start_new_session=True
    )


def kill_job(rule: str, longest: float):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        delay = draws.uniform(0, longest)
        while not killed_in_time(workflow, rule, delay):
            delay /= 2
        return f"killed after {delay:.1f} s"

    return inject


def killed_in_time(workflow: Workflow, rule: str, delay: float) -> bool:
    """Runs a stage again and kills its first job after a delay; False if it had ended before."""
    process = start(workflow, "--forcerun", rule, "--until", rule)
    victim = None
    while process.poll() is None and victim is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                words = child.cmdline()[:3]
                is_python = bool(words) and Path(words[0]).name.startswith("python")
                if is_python and any(word.endswith(f"{rule}.py") for word in words):
                    victim = child
        time.sleep(0.02)
    time.sleep(delay)
    hit = victim is not None and victim.is_running() and victim.status() != psutil.STATUS_ZOMBIE
    if hit:
        victim.kill()
    process.wait()
    return hit


def kill_driver(group: bool, number: int = signal.SIGKILL):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        process = start(workflow, "data", "runs", "scores")
        delay = draws.uniform(2, 40)
        time.sleep(delay)
        if group:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)
        process.wait()
        return f"after {delay:.0f} s"

    return inject


def damage(file: str, consumer: str, how: Callable[[Path], None]):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        before = (workflow.work / file).read_bytes()
        path = damage_unnoticed(workflow, file, how)
        result = workflow.snakemake("--cores", "1", "--forcerun", consumer, "--until", consumer)
        output = result.stdout + result.stderr
        harmless = path.suffix == ".parquet" and result.returncode == 0 and same_table(path, before)
        if not harmless and file not in output:
            raise AssertionError(f"{consumer} did not name {file}: {output[-500:]}")
        if "it is made again" in output and result.returncode == 0:
            return "named and made again"
        if not harmless and result.returncode == 0:
            raise AssertionError(f"{consumer} used {file}: {output[-500:]}")
        shutil.rmtree(path.parent) if path.suffix == ".safetensors" else path.unlink()
        return "changed nothing that is read, deleted" if harmless else "named, deleted"

    return inject


def same_table(path: Path, content: bytes) -> bool:
    """Whether a Parquet file has the same values and the same metadata as one with this content."""
    found, expected = pq.read_table(path), pq.read_table(io.BytesIO(content))
    return found.equals(expected, check_metadata=True)


def flip(path: Path) -> None:
    """Flips a bit of what a file holds; of its metadata, which may not matter, see tests/unit/test_tables.py."""
    content = bytearray(path.read_bytes())
    footer = pq.read_metadata(path).serialized_size + 8 if path.suffix == ".parquet" else 0
    content[(len(content) - footer) // 2] ^= 4
    path.write_bytes(content)


def empty(path: Path) -> None:
    """Cuts a file to nothing."""
    path.write_bytes(b"")


def alter_member(how: Callable[[Path], None]):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        images = sorted((workflow.work / "results/datasets/easy/images").rglob("*.png"))
        member = draws.choice(images)
        how(member)
        result = workflow.snakemake("--cores", "1", "--force", "results/experiments/easy/seed-0/records.parquet")
        if result.returncode == 0 or member.name not in result.stdout + result.stderr:
            raise AssertionError(f"{member} was not missed")
        for name in ("easy", "drawn", "few"):
            shutil.rmtree(workflow.work / "results" / "datasets" / name)
        return "named, both data sets deleted"

    return inject


def two_drivers(workflow: Workflow, draws: random.Random) -> str:
    process = start(workflow, "data", "runs", "scores")
    delay = draws.uniform(5, 15)
    time.sleep(delay)
    second = workflow.snakemake("--cores", "1", "data", "runs", "scores")
    output = second.stdout + second.stderr
    if second.returncode == 0 or "still works here" not in output:
        raise AssertionError(f"the second driver was not refused: {output[-500:]}")
    if process.wait():
        raise AssertionError("the first driver failed")
    return f"second after {delay:.0f} s refused"


def full_disk(share: float):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        size = int(share * workflow.needed)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", workflow.work], check=True)
        workflow.configure(CONFIG)
        result = workflow.snakemake("--cores", "1", "data", "runs", "scores")
        output = result.stdout + result.stderr
        subprocess.run(["mount", "-o", "remount,size=1g", workflow.work], check=True)
        if result.returncode == 0:
            raise AssertionError(f"{size:,} bytes were enough")
        told = "no space left" in output.lower()
        return f"{size:,} bytes: " + ("told" if told else f"NOT TOLD: {output[-300:]}")

    return inject


def trials() -> list[Trial]:
    """All faults."""
    found = []
    for rule, longest in KILLED.items():
        targets = () if rule.startswith("plot_") else ("data", "runs", "scores")
        found += [Trial(f"kill -9 {rule} ({n})", kill_job(rule, longest), targets=targets) for n in (1, 2)]
    found += [Trial(f"kill -9 everything ({n + 1})", kill_driver(True), fresh=True) for n in range(4)]
    found += [Trial(f"kill -9 Snakemake, jobs live on ({n + 1})", kill_driver(False), fresh=True) for n in range(2)]
    found += [Trial("interrupt Snakemake", kill_driver(False, signal.SIGINT), fresh=True)]
    for how in (truncate, flip):
        found += [Trial(f"{how.__name__} {file}", damage(file, reader, how)) for file, reader in DAMAGED.items()]
    found += [Trial(f"empty {file}", damage(file, DAMAGED[file], empty)) for file in list(DAMAGED)[::4]]
    found += [Trial("member of a subset lost", alter_member(Path.unlink))]
    found += [Trial("member of a subset altered", alter_member(truncate))]
    found += [Trial("two drivers at once", two_drivers, fresh=True)]
    if os.geteuid() == 0:  # mounts a small file system in memory
        found += [
            Trial(f"full disk at {share:.0%}", full_disk(share), fresh=True) for share in (0.02, 0.2, 0.5, 0.8, 0.95)
        ]
    return found


def run_trial(trial: Trial, place: Path, reference: Workflow, expected: dict, seed: int) -> tuple[str, str]:
    """(outcome, what happened) of one fault."""
    if trial.fresh:
        workflow = Workflow(place, CONFIG)
        kept = [path for path in (reference.work / "results").rglob("*") if path.is_file()]
        workflow.needed = sum(path.stat().st_size for path in kept if "figures" not in path.parts)
    else:
        workflow = reference.copied(place)
    try:
        what = trial.inject(workflow, random.Random(f"{seed} {trial.name}"))
        for _ in range(3):  # jobs that outlived Snakemake may still be at work
            result = workflow.snakemake("--cores", "1", *trial.targets)
            if result.returncode == 0:
                break
            time.sleep(5)
        if result.returncode:
            return "FAILED", f"{what}; {(result.stdout + result.stderr)[-600:]}"
        found = result_digests(workflow)
        other = {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
        other = sorted(name for name in other if not (trial.targets and name.startswith("figures/")))
        return ("reference bytes", what) if not other else ("OTHER BYTES", f"{what}; {other[:5]}")
    except Exception as error:
        return "FAILED", f"{type(error).__name__}: {error}"
    finally:
        if os.path.ismount(workflow.work):
            subprocess.run(["umount", "-l", workflow.work], check=False)
        shutil.rmtree(place, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parallel", type=int, default=2, help="faults at a time")
    parser.add_argument("--only", nargs="+", default=[""], help="only faults whose name contains one of these")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        reference = Workflow(folder / "reference", CONFIG)
        reference.run()
        expected = result_digests(reference)
        chosen = [trial for trial in trials() if any(part in trial.name for part in args.only)]
        print(f"{len(chosen)} faults; {len(expected)} files must come out the same", flush=True)
        outcomes = Counter()
        with ThreadPoolExecutor(args.parallel) as pool:
            pending = [
                (trial, pool.submit(run_trial, trial, folder / f"trial-{number}", reference, expected, args.seed))
                for number, trial in enumerate(chosen)
            ]
            for trial, future in pending:
                outcome, what = future.result()
                outcomes[outcome] += 1
                print(f"{trial.name:60} {outcome:16} {what}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    sys.exit(set(outcomes) != {"reference bytes"})


if __name__ == "__main__":
    main()
