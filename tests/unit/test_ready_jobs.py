"""In a large grid, the most urgent of each rule's jobs are those that Snakemake chooses from."""

from types import SimpleNamespace

import pytest
import snakemake.api  # noqa: F401 (first, since parts of Snakemake import each other)
from snakemake.scheduling.job_scheduler import JobScheduler

from difficulty.driver import ready_jobs
from difficulty.driver.ready_jobs import most_urgent


def job(rules, priority, number):
    return SimpleNamespace(rules=rules, priority=priority, number=number)


def test_the_most_urgent_jobs_of_each_rule_are_considered():
    """Rules are not weighed against each other: their jobs want different resources. A group is a kind of its own."""
    trainings = [job(["train"], number % 3, number) for number in range(9)]
    figures = [job(["plot"], 0, number) for number in range(2)]
    groups = [job(rules, 0, 0) for rules in (["plot", "score"], ["score", "plot"], ["score"])]
    found = most_urgent([*figures, *trainings, *groups], 3)
    assert sorted(each.number for each in found if each.rules == ["train"]) == [2, 5, 8]
    assert [each for each in found if each.rules == ["plot"]] == figures
    assert [each for each in found if "score" in each.rules] == groups


@pytest.mark.parametrize(("settings", "considered"), [((None, 4), 50), ((None, 60), 60), ((70, 10**9), 70)])
def test_as_many_are_considered_as_may_run_at_once(monkeypatch, settings, considered):
    monkeypatch.setattr(JobScheduler, "job_selector", lambda self, jobs: list(jobs))

    def replace(name, replacement_for):
        JobScheduler.job_selector = replacement_for(JobScheduler.job_selector)

    monkeypatch.setattr(ready_jobs, "replace_internal", replace)
    ready_jobs.install()
    nodes, cores = settings
    workflow = SimpleNamespace(resource_settings=SimpleNamespace(nodes=nodes, cores=cores))
    jobs = [job(["train"], 0, number) for number in range(100)]
    assert len(JobScheduler.job_selector(SimpleNamespace(workflow=workflow), jobs)) == considered
