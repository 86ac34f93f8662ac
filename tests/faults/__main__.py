"""Injects faults into small suites and reports what became of each: `make faults`, two hours or so on two cores.

After every fault the workflow is started again. It must end with the bytes of an undisturbed run, or refuse with an
error that names the damaged file and, once that is deleted, end with those bytes. Moments are drawn from --seed.
One job of every rule is killed, runs out of disk and of memory, and reads a damaged input (jobs.py); a suite of its own
is killed again and again, damaged and filled as a whole (suite.py, injections.py).
"""

import argparse
import os
import random
import re
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

import tests.conftest  # noqa: F401 - makes the library importable
from tests.faults import bookkeeping, injections, jobs
from tests.faults.injections import alter_member, damage, empty, full_disk, kill_driver, two_drivers
from tests.faults.rare import RARE, RARE_TARGETS, rare_suite
from tests.faults.suite import DAMAGED, IN_PARTS, KILLED, OWN, RARE_IN_PARTS, result_digests, tiny_suite
from tests.support.damage import flip, truncate
from tests.support.suites import TARGETS as TARGETS_OF_TESTS
from tests.support.suites import Suites
from tests.support.workflows import Workflow

TARGETS = {OWN: [], **TARGETS_OF_TESTS, RARE: RARE_TARGETS}  # of each suite whose jobs are harmed
# What the targets of fresh suites leave out: all that is drawn.
NOT_ASKED = re.compile("figures/|atlas/|review|index.html|.*/thumbnails.parquet$")
TEMPORARY = re.compile(".*/factors/sums/")  # which stay if they are asked for themselves


@dataclass
class Trial:
    """One fault: what it is called, and what does it to a copy of a finished suite or to a fresh one."""

    name: str
    inject: Callable[[Workflow, random.Random], str]
    fresh: bool = False
    targets: tuple[str, ...] = ("data", "runs", "scores")  # what must be made again; () is everything, with figures
    suite: str = OWN


def trials_of_jobs(suite: str, found: list[jobs.Job], seed: int) -> list[Trial]:
    """Faults of one job of each rule."""
    by_rule = {}
    for job in sorted(found, key=lambda job: job.outputs):
        by_rule.setdefault(job.rule, []).append(job)
    drawn = [random.Random(f"{seed} {rule}").choice(same) for rule, same in by_rule.items()]
    faults = {"kill -9": jobs.kill_one, "little memory for": jobs.take_memory}
    if os.geteuid() == 0:
        faults["full disk for"] = jobs.fill_disk
    pairs = [(f"{name} one {job.rule}", inject(job), job) for job in drawn for name, inject in faults.items()]
    pairs += [(f"damage an input of {job.rule}", jobs.damage_input(job), job) for job in drawn if jobs.has_inputs(job)]
    return [Trial(name, inject, targets=(*_inputs(job), *job.outputs), suite=suite) for name, inject, job in pairs]


def _inputs(job: jobs.Job) -> list[str]:
    return [path for path in job.inputs if path.startswith("results/")]


def trials() -> list[Trial]:
    """Faults of the suite of its own."""
    found = []
    for rule, longest in KILLED.items():
        targets = () if rule.startswith("plot_") else ("data", "runs", "scores")
        arguments = ("--forcerun", rule, "--until", rule)
        found += [
            Trial(f"kill -9 {rule} ({n})", jobs.kill(*arguments, longest=longest), targets=targets) for n in (1, 2)
        ]
    for name in bookkeeping.KEPT:
        found += [
            Trial(f"{how.__name__} .snakemake/difficulty/{name}", bookkeeping.damage_kept(name, how), targets=())
            for how in (truncate, empty)
        ]
    found += [Trial(f"kill -9 plan ({n})", bookkeeping.kill_plan, targets=()) for n in (1, 2)]
    found += trials_of_parts()
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


def trials_of_parts() -> list[Trial]:
    """Faults of stages that keep finished parts."""
    found = []
    for suite, rules in ((OWN, IN_PARTS), (RARE, RARE_IN_PARTS)):
        for rule in rules:
            found += [Trial(f"kill -9 {rule} between parts", injections.kill_between_parts(rule), suite=suite)]
            for how in (truncate, flip, empty):
                inject = injections.kill_between_parts(rule, how)
                found += [Trial(f"{how.__name__} a part of {rule}", inject, suite=suite)]
    return found


def run_trial(trial: Trial, place: Path, reference: Workflow, seed: int) -> tuple[str, str]:
    """(outcome, what happened) of one fault."""
    expected = result_digests(reference)
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
        other = {name for name in other if not TEMPORARY.match(name)}
        other = sorted(name for name in other if not (trial.fresh and NOT_ASKED.match(name)))
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
    parser.add_argument("--suites", nargs="+", default=list(TARGETS), help="only faults of these: %(default)s")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        suites, own = Suites(folder / "suites"), {OWN: tiny_suite, RARE: rare_suite}
        references, chosen, known = {}, trials(), set()
        for name in args.suites:
            references[name] = own[name](folder / name) if name in own else suites(name)
            if name in own:
                references[name].run(*TARGETS[name])
            found = jobs.jobs_of(references[name], *TARGETS[name])
            chosen += trials_of_jobs(name, [job for job in found if job.rule not in known], args.seed)
            known |= {job.rule for job in found}
        chosen = [
            trial for trial in chosen if trial.suite in references and any(part in trial.name for part in args.only)
        ]
        print(f"{len(chosen)} faults, jobs of {len(known)} rules", flush=True)
        outcomes = Counter()
        with ThreadPoolExecutor(args.parallel) as pool:
            pending = [
                (trial, pool.submit(run_trial, trial, folder / f"trial-{number}", references[trial.suite], args.seed))
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
