"""Shows the labels to check first, and where the whole lists and the images are."""

import sys
from pathlib import Path

from difficulty.analysis.accuracy import accuracy_of, digest_of_test
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.label_error_lines import label_error_lines
from difficulty.stage import arguments, run_stage
from difficulty.suspect_lines import first_suspects
from difficulty.tables import read_table
from difficulty.training.histories import read_histories

_COUNT = 10


def main(args):
    first, *others = args.settings["experiments"]
    for line in [*shown(first["name"], first["dataset"]), *accuracies([first, *others])]:
        print(line, file=sys.stderr)
    if others:
        lists = ", ".join(str(suspects_of(other["name"])) for other in others)
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


def accuracies(experiments: list[dict]) -> list[str]:
    """How often networks are right about test images, for each set of these that several experiments have."""
    found = {}
    for experiment in experiments:
        folder = Path("results", "experiments", experiment["name"])
        examples = Path("results", "datasets", experiment["dataset"], "examples.parquet")
        tested = digest_of_test(read_table(examples, EXAMPLES, ["split", "key", "sha256", "class_name"]))
        if each := accuracy_of(read_histories(folder / run / "history.parquet" for run in experiment["runs"])):
            text = f"{experiment['name']} {each.mean:.1%} ({each.low:.1%} to {each.high:.1%})"
            found.setdefault((tested, each.examples), []).append(text)
    begin = "Right about the same {:,} test images, and interval (95%) for others like them: {}"
    return [begin.format(count, ", ".join(texts)) for (_, count), texts in found.items() if len(texts) > 1]


if __name__ == "__main__":
    run_stage(main, arguments(__doc__))
