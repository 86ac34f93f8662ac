"""Injects faults into a small suite and reports what became of each: `make faults`, an hour or so on two cores.

After every fault the workflow is started again. It must end with the bytes of an undisturbed run, or refuse with an
error that names the damaged file and, once that is deleted, end with those bytes. Moments are drawn from --seed.
"""

import argparse
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

from tests.faults import injections
from tests.faults.injections import alter_member, damage, empty, full_disk, kill_driver, kill_job, two_drivers
from tests.faults.suite import DAMAGED, IN_PARTS, KILLED, result_digests, tiny_suite
from tests.support.damage import flip, truncate
from tests.support.workflows import Workflow


@dataclass
class Trial:
    """One fault: what it is called, and what does it to a copy of the finished suite or to a fresh one."""

    name: str
    inject: Callable[[Workflow, random.Random], str]
    fresh: bool = False
    targets: tuple[str, ...] = ("data", "runs", "scores")  # what must be made again; () is everything, with figures


def trials() -> list[Trial]:
    """All faults."""
    found = []
    for rule, longest in KILLED.items():
        targets = () if rule.startswith("plot_") else ("data", "runs", "scores")
        found += [Trial(f"kill -9 {rule} ({n})", kill_job(rule, longest), targets=targets) for n in (1, 2)]
    for rule in IN_PARTS:
        found += [Trial(f"kill -9 {rule} between parts", injections.kill_between_parts(rule))]
        for how in (truncate, flip, empty):
            found += [Trial(f"{how.__name__} a part of {rule}", injections.kill_between_parts(rule, how))]
    found += [Trial(f"kill -9 everything ({n + 1})", kill_driver(True), fresh=True) for n in range(4)]
    found += [Trial(f"kill -9 Snakemake, jobs live on ({n + 1})", kill_driver(False), fresh=True) for n in range(2)]
    found += [Trial("interrupt Snakemake", kill_driver(False, signal.SIGINT), fresh=True)]
    for how in (truncate, injections.flip):
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
        workflow = tiny_suite(place)
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
        reference = tiny_suite(folder / "reference")
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
