"""Configuration load and dry run of a finished workflow against Snakemake's own.

Compared, in turns and in CPU seconds of the whole command: `snakemake -n` on a finished workflow of ours with about a
thousand jobs (a configuration of 42 experiments of 5 seeds, half of them with label noise), and on a trivial one of the
same shape: the same jobs, files, wildcards, logs, benchmarks, resources and environments, parameters of the same
lengths, all as plain strings; no configuration, no functions, no library, no captions for a report. Both say "Nothing
to be done". Goal: at most 1.2 times.

Both are made anew in a temporary folder. The scripts of ours only create their outputs there, but carry their source,
so that digests and hash chains are computed as in a real run. Also measured: the default suite when it is finished,
by `snakemake --cores all`, which is what `make run` starts. Goal: under 4 CPU seconds.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from measuring import in_turns, show, time_command
from stand_ins import our_workflow, trivial_workflow

EXPERIMENTS, SEEDS = 42, 5


def large_configuration() -> dict:
    """Experiments that differ in width and in label noise, one kind of every job for each."""
    noise = {"kind": "symmetric", "fraction": 0.1}
    experiments = {
        f"width{4 + number // 2}{'noisy' if number % 2 else ''}": {
            "width": 4 + number // 2,
            "label_noise": noise if number % 2 else None,
        }
        for number in range(EXPERIMENTS)
    }
    return {"experiments": experiments, "defaults": {"seeds": list(range(SEEDS))}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="where to make the workflows and keep them (default: temporary)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        ours, default = our_workflow(folder / "large", large_configuration()), our_workflow(folder / "default")
        ours.finish()
        default.finish()
        trivial = trivial_workflow(folder, ours)
        trivial.finish()
        commands = {
            "trivial, dry run": trivial.command("-n"),
            "ours, dry run": ours.command("-n"),
            "default suite, run": default.command("--cores", "all"),
        }
        measurements = {name: lambda command=command: time_command(command) for name, command in commands.items()}
        durations = in_turns(measurements, args.repeats)
    print(f"{args.repeats} repeats")
    show(durations, "trivial, dry run")


if __name__ == "__main__":
    main()
