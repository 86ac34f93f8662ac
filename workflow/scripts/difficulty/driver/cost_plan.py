"""What `plan` writes before anything runs: every job that the configuration leads to, and what it is likely to cost."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from difficulty.costs.estimates import Estimates
from difficulty.costs.formulas.data import copies_images
from difficulty.costs.sizes import Sizes
from difficulty.costs.speeds import from_json, to_json, write_speeds
from difficulty.costs.truth import truth_of
from difficulty.costs.work import Network
from difficulty.driver.done_jobs import done_jobs
from difficulty.driver.planned_jobs import PlannedJob
from difficulty.errors import UserError
from difficulty.machine import memory_size
from difficulty.plan import paths


def write_plan(
    jobs: Iterable[PlannedJob],
    own_name: Callable[[str], str],
    estimates: Estimates,
    scripts: Path,
    cores: int | None,
    file: Path,
) -> None:
    """Writes the jobs with their estimates, after what is unknown of the data and of this machine has been measured.

    own_name: name that Snakemake gives a rule -> that of its formula. estimates: is given the new calibration. scripts:
    folder of the programs that measure. cores: that jobs may use; None: all.
    """
    notes = survey(estimates, scripts)
    jobs = list(jobs)
    names = [own_name(job.rule.name) for job in jobs]
    wanted = {}
    for name, job in zip(names, jobs, strict=True):
        if network := estimates.work(name, job.wildcards).network:
            wanted[network.key] = network
    notes += [*_calibrate(estimates, wanted, scripts), *_guesses(estimates)]
    file.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage("results" if Path("results").exists() else ".").free
    machine = {"cores": cores or os.cpu_count(), "memory": memory_size(), "free": free}
    described = {"machine": machine, "notes": notes, "jobs": _described(jobs, names, estimates)}
    file.write_text(json.dumps(described))


def _described(jobs: Sequence[PlannedJob], names: Sequence[str], estimates: Estimates) -> list[dict]:
    makers = {str(output): number for number, job in enumerate(jobs) for output in job.outputs}
    found = []
    for name, job, done in zip(names, jobs, done_jobs(jobs, makers), strict=True):
        work, cost = estimates.work(name, job.wildcards), estimates.cost(name, job.wildcards)
        truth = truth_of(job.logs[0], _copied_images(job, estimates)) if done and job.logs else None
        before = sorted({makers[path] for path in map(str, job.inputs) if path in makers})
        facts = {"rule": name, "done": done, "start": estimates.speeds.starts[work.start], "before": before}
        found.append({**facts, "cost": asdict(cost), "truth": asdict(truth) if truth else None})
    return found


def _copied_images(job: PlannedJob, estimates: Estimates) -> list[str]:
    """The folder of images that a job wrote, unless they are hard links."""
    settings = estimates.plan.datasets.get(job.wildcards.get("dataset"), {"source": "subset", "link": "hard"})
    folder = paths.IMAGES.format(**job.wildcards) if "dataset" in job.wildcards else None
    return [folder] if folder in map(str, job.outputs) and copies_images(settings) else []


def _guesses(estimates: Estimates) -> list[str]:
    """What is assumed of data sets."""
    sizes = estimates.sizes
    return list(dict.fromkeys(note for name in estimates.plan.data.needed if (note := sizes.of(name).note)))


def survey(estimates: Estimates, scripts: Path) -> list[str]:
    """Counts the images of sources of which nothing is known; returns what went wrong."""
    problems = []
    for dataset, settings in estimates.sizes.unsurveyed().items():
        try:
            answer = _asked(scripts / "survey_source.py", settings, f"counting the images of {dataset}")
            estimates.sizes.surveyed(dataset, Sizes(**answer))
        except UserError as error:
            problems.append(str(error))
    return problems


def _calibrate(estimates: Estimates, wanted: Mapping[str, Network], scripts: Path) -> Iterator[str]:
    """Measures this machine, and networks that were not measured before; yields what went wrong."""
    missing = {key: network for key, network in wanted.items() if key not in estimates.speeds.networks}
    if not missing and estimates.speeds.is_measured:
        return
    question = {"known": to_json(estimates.speeds), "networks": [asdict(network) for network in missing.values()]}
    networks = f", {len(missing)} network{'s' * (len(missing) != 1)}" if missing else ""
    what = f"measuring this machine{networks}"
    try:
        speeds = from_json(_asked(scripts / "calibrate.py", question, what))
    except UserError as error:
        yield f"{error}; figures of another machine are used"
        return
    write_speeds(speeds)
    estimates.calibrated(speeds)


def _asked(script: Path, question, what: str):
    """What a program of ours answers, which gets the question as JSON. Raises UserError if it fails."""
    print(f"{what} ...", file=sys.stderr, flush=True)
    command = [sys.executable, str(script)]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it was ended"])[-1]
        raise UserError(f"{what} failed: {reason}")
    return json.loads(done.stdout)
