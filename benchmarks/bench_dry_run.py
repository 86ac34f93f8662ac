"""Configuration load and dry run of a finished workflow against Snakemake's own.

Compared, in turns and in CPU seconds of the whole command: `snakemake -n` on a finished workflow of ours with about a
thousand jobs (a configuration of 14 experiments of 5 seeds, half of them with label noise), and on a trivial one of the
same shape: the same jobs, files, wildcards, logs, benchmarks, resources and environments, parameters of the same
lengths, all as plain strings; no configuration, no functions, no library, no captions for a report. Both say "Nothing
to be done". Goal: at most 1.2 times.

Both are made in a temporary folder. The scripts of ours only create their outputs there, but carry their source,
so that digests and hash chains are computed as in a real run. Also measured: the default suite when it is finished,
by `snakemake --cores all`, which is what `make run` starts. Goal: under 4 CPU seconds.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from measuring import in_turns, show, time_command
from stand_ins import Workflow, our_workflow, trivial_workflow

EXPERIMENTS, SEEDS = 14, 5


def large_configuration(count: int = EXPERIMENTS) -> dict:
    """As many experiments, which differ in width and in label noise."""
    noise = {"kind": "symmetric", "fraction": 0.1}
    experiments = {}
    for width in range(4, 4 + count // 2):
        experiments[f"width{width}"] = {"width": width}
        experiments[f"width{width}noisy"] = {"width": width, "label_noise": noise}
    # Without gradients, whose file names hold two wildcards in one part of a path: the trivial one cannot mimic that.
    return {"defaults": {"seeds": list(range(SEEDS))}, "experiments": experiments, "analyses": {"vog": None}}


def check_same_jobs(ours: Workflow, trivial: Workflow) -> int:
    """The number of jobs; exits if they are not the same ones."""
    jobs, others = ({(job.rule, *job.wildcards().items()) for job in workflow.jobs()} for workflow in (ours, trivial))
    if jobs != others:
        sys.exit(f"not of the same shape: {sorted(jobs ^ others)[:5]}")
    return len(jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="where to make the workflows, and keep them (default: temporary)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        ours, default = our_workflow(folder / "large", large_configuration()), our_workflow(folder / "suite")
        ours.finish()
        trivial = trivial_workflow(folder / "trivial", ours)
        trivial.finish()
        default.finish()
        jobs, default_jobs = check_same_jobs(ours, trivial), len(default.jobs())

        def measurement(workflow: Workflow, *arguments: str):
            return lambda: time_command(workflow.command(*arguments), cwd=workflow.folder)

        measurements = {
            "trivial, dry run": measurement(trivial, "-n"),
            "ours, dry run": measurement(ours, "-n"),
            "default suite, run": measurement(default, "--cores", "all"),
        }
        durations = in_turns(measurements, args.repeats)
    print(f"{jobs:,} jobs, {default_jobs} in the default suite, {args.repeats} repeats")
    show(durations, "trivial, dry run")


if __name__ == "__main__":
    main()
