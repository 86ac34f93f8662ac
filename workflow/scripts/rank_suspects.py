"""Ranks the training examples by how suspect their label is: the list to open first when cleaning data."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.set_suspects import counted_sets, most_common_sets, named_sets
from difficulty.analysis.suspects import OtherPredictions, hardness_percentiles, suspect_table
from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names, set_text
from difficulty.errors import UserError
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import arguments, run_stage
from difficulty.tables import atomic_path, read_schema, read_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    columns = read_schema(args.scores).columns
    ranking = {
        f"{score}{ROLE_SUFFIXES[role]}": column
        for role in ("train", "validation")
        for score, column in ranking_columns(columns, role).items()
    }
    wanted = args.settings["score"]
    if wanted not in ranking:
        raise UserError(f"analyses.suspects.score: expected one of {', '.join(ranking)}, got {wanted!r}")
    scores = read_table(args.scores, SCORES)
    scores = scores[scores["split"] == "train"]
    directions = {name: columns[column].direction for name, column in ranking.items()}
    percentiles = hardness_percentiles(scores[list(ranking.values())].set_axis(list(ranking), axis=1), directions)
    examples = read_table(args.examples, EXAMPLES)
    names = dict(enumerate(class_names(examples, predicted_classes(args.records))))
    examples = examples.set_index("example_id").loc[scores["example_id"]].reset_index()
    if has_label_sets(examples):
        given = examples["label_set"].map(set_text)
        suggested = suggested_sets(args.records, examples["example_id"])
        label, suggested, names = named_sets(given, suggested, set_class_names(examples))
    else:
        label = scores["label"].to_numpy()
        classes = max(len(names), label.max() + 1)
        suggested = suggested_labels(args.records, scores["example_id"].to_numpy(), label, classes)
    table = suspect_table(examples, label, suggested, names, percentiles, wanted)
    with atomic_path(args.output) as temporary:
        table.to_csv(temporary, index=False, float_format="%.2f")
    logger.info("%d examples ranked by %s", len(table), wanted)


def predicted_classes(paths: list[Path]) -> int:
    """How many classes it takes to name what the runs predicted: networks may know more than the examples have."""
    return 1 + max(int(read_table(path, RECORDS, columns=["predicted"])["predicted"].max()) for path in paths)


def suggested_labels(paths: list[Path], example_id: np.ndarray, label: np.ndarray, classes: int) -> np.ndarray:
    """The most common other prediction, from runs that did not train on the example if there are any."""
    order = np.argsort(example_id)
    held_out, trained = OtherPredictions(label, classes), OtherPredictions(label, classes)
    was_held_out = np.zeros(len(example_id), dtype=bool)
    for path in paths:
        columns = ["example_id", "epoch", "role", "predicted"]
        records = stored_records(read_table(path, RECORDS, columns=columns), path)
        for role, predictions in (("train", trained), ("validation", held_out)):
            part = records.of_role(role)
            places = order[np.searchsorted(example_id, part.example_id, sorter=order)]
            predictions.add(part["predicted"], places)
            was_held_out[places] |= role == "validation"
    return np.where(was_held_out, held_out.suggestions(), trained.suggestions())


def suggested_sets(paths: list[Path], example_id: pd.Series) -> pd.Series:
    """The same of label sets, as text in the order of the examples, null where there is none: the most common predicted
    set that is wrong."""
    counts, held_out = {"train": [], "validation": []}, set()
    for path in paths:
        table = read_table(path, RECORDS, columns=["example_id", "role", "correct", "predicted_set"])
        for role, found in counts.items():
            found.append(counted_sets(table[(table["role"] == role) & ~table["correct"]]))
        held_out.update(table.loc[table["role"] == "validation", "example_id"])
    trained, others = (most_common_sets(pd.concat(found)) for found in counts.values())
    is_held_out = example_id.isin(held_out)
    return example_id.map(trained).where(~is_held_out, example_id.map(others))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
