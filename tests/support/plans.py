"""What would run after a change: of a finished suite, by a dry run, or of two configurations, by their parameters."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.workflows import Jobs, Workflow, altered
from tests.workflow.planning import Plan, plans


class Planner:
    """Asks a copy of a finished suite what would run with other settings; a dry run changes nothing.

    planner("scores", analyses__vog__shards=3) -> {("compute_vog", "plain seed-0"), ...}
    """

    def __init__(self, finished: Workflow, config: dict, folder: Path):
        self.workflow, self.config = finished.copied(folder), config

    def __call__(self, *arguments: str, **places: Any) -> Jobs:
        self.workflow.configure(altered(self.config, **places))
        return self.workflow.planned(*arguments)

    def counts(self, *arguments: str, **places: Any) -> dict[str, int]:
        """Rule -> number of jobs."""
        jobs = [rule for rule, _ in self(*arguments, **places)]
        return {rule: jobs.count(rule) for rule in jobs}

    def error(self, **places: Any) -> str:
        """What is printed where no plan can be made."""
        self.workflow.configure(altered(self.config, **places))
        result = self.workflow.snakemake("-n")
        output = result.stdout + result.stderr
        assert result.returncode == 1 and "Traceback" not in output, output
        return output


def changes(configs: Iterable[dict], folder: Path) -> list[set[tuple[str, str]]]:
    """(rule, first output) of the jobs of each configuration that the first one does not have with these parameters."""
    first, *others = plans(configs, folder)
    known = _parameters(first)
    return [{name for name, found in _parameters(other).items() if known.get(name) != found} for other in others]


def _parameters(plan: Plan) -> dict[tuple[str, str], tuple[str, str, str]]:
    assert not plan.problem, plan.problem
    return {(job.rule, job.outputs[0]): (job.settings, job.code, job.upstream) for job in plan.jobs if job.outputs}
