"""Configurations of every kind are planned, and a change of any job reaches every job downstream of it."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from pathlib import Path

import pytest
import yaml

from difficulty import hash_chain
from difficulty.config.resolve import resolve
from difficulty.costs.estimates import Estimates
from difficulty.costs.known_sizes import KnownSizes
from difficulty.costs.speeds import Speeds
from difficulty.errors import UserError
from difficulty.plan.plan import Plan as PlainPlan
from difficulty.source_digest import SourceDigests
from tests.support.rule_files import NotPlanned, jobs
from tests.workflow.configurations import choices, fits_nothing, written
from tests.workflow.planning import ROOT, SCRIPTS, Job, Plan, plans, recording

# What only comes before others, and stops them where it fails: its result is in no other result.
GATES = {"check_experiment"}
TEMPORARY = {"sum_curvature"}  # what is deleted after it has been used
EVERY_RULE = yaml.safe_load((ROOT / "tests" / "every_rule.yaml").read_text())


def make_inputs(folder: Path) -> None:
    """Makes files of no content where plans need their paths."""
    lists = folder / "VOCdevkit/VOC2007/ImageSets/Main"
    lists.mkdir(parents=True)
    for name in ("JPEGImages", "Annotations"):
        (folder / "VOCdevkit/VOC2007" / name).mkdir()
    for path in (lists / "trainval.txt", lists / "test.txt"):
        path.touch()
    for name in (
        "run.parquet",
        "a.parquet",
        "seconds.csv",
        "noise.csv",
        "a.npz",
        "a.npy",
        "b.npy",
        *(f"{x}.pt" for x in "abcd"),
        "start.pt",
        "pred_probs.npy",
    ):
        (folder / name).touch()
    for kind in ("cat", "dog"):
        for split in ("train", "test"):
            (folder / "photos" / split / kind).mkdir(parents=True)
        (folder / "textures" / kind / "sample_a").mkdir(parents=True)


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory):
    """A working directory with these inputs."""
    folder = tmp_path_factory.mktemp("plans")
    make_inputs(folder)
    return folder


@pytest.fixture(scope="session")
def every_rule(stand_in) -> Plan:
    """The plan of a configuration that needs every rule."""
    (plan,) = plans([EVERY_RULE], stand_in)
    assert not plan.problem, plan.problem
    return plan


def strings_below(links: dict[str, tuple], digest: str) -> set[str]:
    """All strings that a link of the hash chain is made of, directly or by other links."""
    found, wanted = set(), [digest]
    while wanted:
        part = wanted.pop()
        if isinstance(part, str):
            if part not in found:
                found.add(part)
                wanted.append(links.get(part, ()))
        elif isinstance(part, dict):
            wanted += [*part, *part.values()]
        elif isinstance(part, list | tuple):
            wanted += part
    return found


def unnoticed_changes(plan: Plan) -> set[str]:
    """What could change in a job and leave the `upstream` of a job downstream as it is."""
    makers = {path: job for job in plan.jobs for path in job.outputs if job.rule not in GATES}
    before: dict[str, dict[str, Job]] = {}

    def jobs_before(job: Job) -> dict[str, Job]:
        if job.name not in before:
            direct = {makers[path].name: makers[path] for path in job.inputs if path in makers}
            before[job.name] = dict(direct)
            for maker in direct.values():
                before[job.name] |= jobs_before(maker)
        return before[job.name]

    found = set()
    for job in plan.jobs:
        if job.code:
            known = strings_below(plan.links, job.upstream)
            found |= {
                f"{name} of {earlier.name}, for {job.name}"
                for earlier in jobs_before(job).values()
                for name in ("settings", "code")
                if unknown(getattr(earlier, name), known)
            }
    return found


def unknown(parameter: str, known: set[str]) -> bool:
    """Whether a parameter that can change is in no link."""
    return parameter not in ("", "{}") and parameter not in known


def test_every_change_reaches_all_jobs_downstream(every_rule):
    assert unnoticed_changes(every_rule) == set()


def test_the_rule_files_read_without_snakemake_give_the_same_plan(every_rule, stand_in, monkeypatch):
    monkeypatch.chdir(stand_in)
    quick = PlainPlan(resolve(EVERY_RULE), SourceDigests(SCRIPTS, stand_in / ".snakemake" / "digests.json"))
    found = {job.outputs: (job.rule, *astuple(job.stage)[:3], sorted(job.inputs)) for job in jobs(quick)}
    expected = [job for job in every_rule.jobs if job.code]
    of_snakemake = {
        job.outputs: (job.rule, job.settings, job.code, job.upstream, sorted(job.inputs)) for job in expected
    }
    assert found == of_snakemake


def test_every_job_asks_for_memory_and_time_by_its_formula(every_rule, stand_in, monkeypatch):
    monkeypatch.chdir(stand_in)
    plan = PlainPlan(resolve(EVERY_RULE), lambda script, *modules: script)
    estimates = Estimates(plan, Speeds(), KnownSizes(plan))
    found = {job.outputs: estimates.memory(job.rule, job.wildcards) for job in jobs(plan)}
    for job in every_rule.jobs:
        if job.outputs in found:
            assert job.resources["mem_mb"] == found[job.outputs] >= 500, job.name
            assert job.resources["runtime"] >= 10, job.name
    assert max(found.values()) > 500


def quick_plans(configs: list[dict], folder: Path, monkeypatch) -> Iterator[Plan]:
    """Plans of configurations in a working directory, by the rule files read without Snakemake.

    It is a problem of a plan, too, if it makes a file that it does not ask for.
    """
    monkeypatch.chdir(folder)
    links, digest_of = {}, hash_chain.hash_chain
    for module in [each for each in sys.modules.values() if getattr(each, "hash_chain", None) is digest_of]:
        monkeypatch.setattr(module, "hash_chain", recording(digest_of, links))
    digests = SourceDigests(SCRIPTS, folder / ".snakemake" / "digests.json")
    for config in configs:
        links.clear()
        try:
            plan = PlainPlan(resolve(config), digests)
            found = jobs(plan)
        except (NotPlanned, UserError) as error:
            yield Plan(problem=str(error))
            continue
        described = [Job(job.rule, *astuple(job.stage)[:3], job.inputs, job.outputs) for job in found]
        made = {path for job in found if job.rule not in TEMPORARY for path in job.outputs}
        not_missed = sorted(made - {*plan.files()})
        yield Plan(described, dict(links), f"nobody asks for {', '.join(not_missed)}" if not_missed else "")


def check(configs: list[dict], planned: Iterable[Plan]) -> None:
    """Fails with all configurations that cannot be planned, or where a change would go unnoticed."""
    faults = []
    for config, plan in zip(configs, planned, strict=True):
        problems = [plan.problem] if plan.problem else sorted(unnoticed_changes(plan))
        faults += [f"{yaml.safe_dump(config, default_flow_style=True)}: {problem}" for problem in problems[:3]]
    assert not faults, "\n".join(faults)


def test_every_form_of_a_part_is_valid_with_some_of_the_others():
    assert fits_nothing() == []


def test_configurations_of_all_kinds_are_planned(stand_in, monkeypatch):
    """And all that is made is asked for: of an intermediate result that nobody asks for, Snakemake misses no loss."""
    configs = [EVERY_RULE, *map(written, choices(40))]
    check(configs, quick_plans(configs, stand_in, monkeypatch))


def test_snakemake_plans_some_of_them(stand_in):
    configs = [written(choice) for choice in choices(40)[::10]]
    check(configs, plans(configs, stand_in))


@pytest.mark.full
def test_snakemake_plans_more_of_them(stand_in):
    configs = [written(choice) for choice in choices(200)]
    check(configs, plans(configs, stand_in))


def test_a_short_configuration_inherits_the_analyses_of_the_default_suite(stand_in):
    noisy = {"label_noise": {"kind": "symmetric", "fraction": 0.1}}
    own = {"experiments": {"clean": {}, "noisy": noisy}, "analyses": {"comparisons": {"noise": ["clean", "noisy"]}}}
    (plan,) = plans([own], stand_in, alone=False)
    assert not plan.problem, plan.problem
    rules = {job.rule for job in plan.jobs}
    assert {"plot_comparison", "compute_vog", "fit_factors"} <= rules
