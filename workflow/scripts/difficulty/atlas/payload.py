"""All that a page holds, from the tables of the results."""

import hashlib
from argparse import Namespace
from collections.abc import Mapping

import pandas as pd

from difficulty.analysis.score_order import in_order, similar_order
from difficulty.atlas.arrays import Arrays
from difficulty.atlas.examples import describe_examples, describe_thumbnails, read_examples
from difficulty.atlas.experiment import describe_experiment
from difficulty.atlas.json_values import as_records
from difficulty.errors import UserError
from difficulty.tables import read_arrow, read_schema

_CORRELATION = ["role", "score_a", "score_b", "spearman", "low", "high", "examples"]
_STABILITY = ["role", "score", "seeds_per_half", "spearman_mean", "reliability", "seeds_for_90", "examples"]
_MEASURES = ("average_precision", "auroc", "precision_at_prevalence")
_DETECTION = ["experiment", "truth", "role", "score", "run", "examples", "positives"]
_DETECTION += [f"{name}{end}" for name in _MEASURES for end in ("", "_low", "_high")]


def describe_datasets(datasets: list[Mapping], files: Namespace, arrays: Arrays) -> tuple[dict, dict, dict]:
    """(data sets of the page, their thumbnails, the examples of each).

    datasets: name of each, and its root, the data set whose images it has. files: examples of each, thumbnails of each
    root, by its name.
    """
    examples = {each["name"]: read_examples(path) for each, path in zip(datasets, files.examples, strict=True)}
    thumbnails = {root: describe_thumbnails(path, arrays) for root, path in files.thumbnails.items()}
    described = {}
    for dataset in datasets:
        own, root = examples[dataset["name"]], dataset["root"]
        page = describe_examples(dataset["name"], own, arrays)
        positions = pd.Series(range(len(examples[root])), index=examples[root]["example_id"])
        if missing := set(own["example_id"]) - set(positions.index):
            raise UserError(f"{dataset['name']}: example {min(missing)} is not one of {root}; run the workflow again")
        tiles = None if root == dataset["name"] else arrays.numbers(positions[own["example_id"]].to_numpy(), "i4")
        described[dataset["name"]] = {**page, "root": root, "tiles": tiles}
    return described, thumbnails, examples


def describe_experiments(
    experiments: list[Mapping], files: Namespace, datasets: Mapping, examples: Mapping, arrays: Arrays
) -> list[dict]:
    """The experiments' parts of the page.

    experiments: name, dataset and settings of each. files: scores, suspects, errors, confusion, correlation and
    stability of each; detection and evaluations, tables about all of them, or None.
    """
    detection = as_records(_columns(files.detection, _DETECTION)) if files.detection else []
    accuracies = _accuracies(files.evaluations) if files.evaluations else {}
    described = []
    for number, experiment in enumerate(experiments):
        name, dataset = experiment["name"], experiment["dataset"]
        own = Namespace(**{each: getattr(files, each)[number] for each in ("scores", "suspects", "errors", "confusion")})
        page = describe_experiment(name, own, examples[dataset], datasets[dataset]["classes"], arrays)
        page |= {"dataset": dataset, "settings": experiment["settings"], "accuracy": accuracies.get(name)}
        page["correlation"] = _correlation(files.correlation[number])
        page["stability"] = as_records(_columns(files.stability[number], _STABILITY))
        page["detection"] = [row for row in detection if row["experiment"] == name]
        described.append(page)
    return described


def digest_of(datasets: Mapping) -> str:
    """What decisions are kept under in the browser: another page of the same examples finds them again."""
    text = " ".join(f"{name} {each['count']} {each['ids']['array']}" for name, each in sorted(datasets.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _columns(path, names: list[str]) -> pd.DataFrame:
    return read_arrow(path, read_schema(path), names).to_pandas()


def _correlation(path) -> list[dict]:
    """The rows of each role, scores that order the images alike next to each other."""
    table = _columns(path, [*_CORRELATION, "direction_a", "direction_b"])
    parts = [in_order(part, similar_order(part)) for _, part in table.groupby("role", sort=False)]
    return as_records(pd.concat(parts)[_CORRELATION]) if parts else []


def _accuracies(path) -> dict[str, dict]:
    """Experiment -> mean and standard deviation over its seeds of the share of test images that are right."""
    table = _columns(path, ["experiment", "run", "dataset", "split", "epoch", "examples", "top1"])
    found = {}
    for name, rows in table[table["split"] == "test"].groupby("experiment", sort=False):
        last = rows[(rows["epoch"] == rows["epoch"].max()) & (rows["dataset"] == rows["dataset"].iloc[0])]
        by_seed = last.groupby(last["run"].str.split("-fold-").str[0])["top1"].mean()
        found[name] = {
            "mean": float(by_seed.mean()),
            "std": float(by_seed.std(ddof=1)) if len(by_seed) > 1 else None,
            "runs": len(last),
            "dataset": last["dataset"].iloc[0],
            "examples": int(last["examples"].iloc[0]),
        }
    return found
