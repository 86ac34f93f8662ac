"""Shows the labels to check first, and where the whole lists and the images are."""

import sys
from pathlib import Path

import pandas as pd

from difficulty.analysis.accuracy import accuracy_of
from difficulty.label_error_lines import label_error_lines
from difficulty.stage import arguments, run_stage
from difficulty.suspect_lines import first_suspects
from difficulty.tables import read_table
from difficulty.training.run_tables import HISTORY

_COUNT = 10


def main(args):
    experiments = list(args.settings)
    dataset, _ = args.settings[experiments[0]]
    for line in [*shown(experiments[0], dataset), *accuracies(args.settings)]:
        print(line, file=sys.stderr)
    if others := experiments[1:]:
        lists = ", ".join(str(suspects_of(name)) for name in others)
        print(f"Of other experiments: {lists}", file=sys.stderr)


def suspects_of(experiment: str) -> Path:
    return Path("results", "experiments", experiment, "suspects.csv").absolute()


def shown(experiment: str, dataset: str) -> list[str]:
    """What is said of an experiment: whether its list can be trusted, its first rows, and where to look."""
    path = suspects_of(experiment)
    rows = first_suspects(path, _COUNT)
    images = Path("results", "datasets", dataset, "images").absolute()  # records of other runs have none
    lines = label_error_lines(path.with_name("label-errors.parquet"))
    lines += [f"The {len(rows)} most suspicious labels of {experiment}:" if rows else f"No suspects in {experiment}."]
    page = Path("results", "review.html").absolute()
    lines += [*rows, f"Open {page} in a browser to look at all of them and to decide on them with four keys"]
    return [*lines, f"The list (docs/acting.md): {path}", *([f"Images: {images}"] if images.is_dir() else [])]


def accuracies(experiments: dict) -> list[str]:
    """How often the networks of each experiment are right about test images, if there are several to compare."""
    found = {}
    for name, (_, runs) in experiments.items():
        folder = Path("results", "experiments", name)
        history = pd.concat([read_table(folder / run / "history.parquet", HISTORY).assign(run=run) for run in runs])
        if accuracy := accuracy_of(history):
            interval = f"{accuracy.low:.1%} to {accuracy.high:.1%} for other images"
            found[name] = f"{name} {accuracy.mean:.1%} of {accuracy.examples:,} ({interval})"
    return [f"Test images right, mean over seeds: {', '.join(found.values())}"] if len(found) > 1 else []


if __name__ == "__main__":
    run_stage(main, arguments(__doc__))
