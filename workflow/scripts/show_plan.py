"""Shows what the configuration costs on this machine: jobs, time, memory and disk of each stage, and what will not fit.

Of what is done, shows beside it what it took, and remembers how far estimates were off for the next plan.
"""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

from difficulty.atomic_files import atomic_path
from difficulty.costs.plan_text import Machine, plan_lines
from difficulty.costs.speeds import read_speeds, write_speeds
from difficulty.costs.stages import EstimatedJob, corrections, stages
from difficulty.costs.truth import Truth
from difficulty.costs.work import Cost
from difficulty.stage import arguments, run_stage

_COLUMNS = ("jobs", "done", "cpu_s", "memory_mib", "kept_bytes", "true_cpu_s", "true_memory_mib", "true_kept_bytes")


def main(args):
    plan = json.loads(args.plan.read_text())
    jobs = [read_job(**each) for each in plan["jobs"]]
    print("\n".join(plan_lines(jobs, Machine(**plan["machine"]), plan["notes"])))
    write_stages(jobs, args.output)
    speeds = read_speeds()
    write_speeds(replace(speeds, corrections=corrections(jobs, speeds.corrections)))
    print(f"all stages: {args.output}", file=sys.stderr)


def read_job(cost: dict, truth: dict | None, start: list, before: list, **facts) -> EstimatedJob:
    return EstimatedJob(
        **facts, cost=Cost(**cost), start=tuple(start), before=tuple(before), truth=Truth(**truth) if truth else None
    )


def write_stages(jobs: list[EstimatedJob], path: Path) -> None:
    """A row for each stage: what was estimated of all of its jobs, and what those took of which it is known."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["stage", *_COLUMNS])
        for stage in stages(jobs):
            costs, truths = [job.cost for job in stage.jobs], [job.truth for job in stage.known]
            row = [len(costs), len(costs) - len(stage.to_do), *totals(costs), *(totals(truths) if truths else [""] * 3)]
            table.writerow([stage.rule, *row])


def totals(costs: list[Cost] | list[Truth]) -> list[float]:
    """CPU seconds and bytes together, MiB of the largest."""
    cpu, memory = sum(each.cpu for each in costs), max(each.memory for each in costs)
    return [round(cpu, 1), round(memory), round(sum(each.kept for each in costs))]


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--plan", type=Path, required=True, help="jobs and estimates, as the workflow wrote them")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
