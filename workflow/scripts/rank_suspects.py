"""Ranks the training examples by how suspect their label is: the list to open first when cleaning data."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from difficulty.analysis.set_suspects import named_sets, set_votes, suggested_sets
from difficulty.analysis.suggested_labels import suggested_labels
from difficulty.analysis.suspects import hardness_percentiles, ranking_scores, suspect_table
from difficulty.csv_files import write_csv
from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names, set_text
from difficulty.scores.collect import SCORES
from difficulty.scores.record_arrays import RecordArrays, stored_records
from difficulty.stage import arguments, required_paths, run_stage
from difficulty.tables import read_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    ranking, directions = ranking_scores(args.scores, args.settings["score"])
    scores = read_table(args.scores, SCORES)
    scores = scores[scores["split"] == "train"]
    percentiles = hardness_percentiles(scores[list(ranking.values())].set_axis(list(ranking), axis=1), directions)
    examples = read_table(args.examples, EXAMPLES)
    names = dict(enumerate(class_names(examples, predicted_classes(args.records))))
    examples = examples.set_index("example_id").loc[scores["example_id"]].reset_index()
    above, ids = args.settings["suggest_above"], examples["example_id"]
    if has_label_sets(examples):
        found = suggested_sets(run_set_votes(args.records), ids, above)
        given, known = examples["label_set"].map(set_text), set_class_names(examples)
        label, suggested, names = named_sets(given, found["suggested"], known)
        share = found["share"].to_numpy(float)
    else:
        label = scores["label"].to_numpy()
        classes = max(len(names), label.max() + 1)
        suggested, share = suggested_labels(run_records(args.records), ids.to_numpy(), label, classes, above)
    wanted = args.settings["score"]
    table = suspect_table(examples, label, suggested, share, names, percentiles, wanted)
    write_csv(table, args.output, float_format="%.2f")
    suggestions = int(table["suggested_label"].notna().sum())
    logger.info("%d examples ranked by %s; another label is suggested for %d", len(table), wanted, suggestions)


def predicted_classes(paths: list[Path]) -> int:
    """How many classes it takes to name what the runs predicted: networks may know more than the examples have."""
    return 1 + max(int(read_table(path, RECORDS, columns=["predicted"])["predicted"].max()) for path in paths)


def run_records(paths: list[Path]) -> Iterator[RecordArrays]:
    """What every run predicted, one run at a time."""
    for path in paths:
        columns = ["example_id", "epoch", "role", "predicted"]
        yield stored_records(read_table(path, RECORDS, columns=columns), path)


def run_set_votes(paths: list[Path]) -> pd.DataFrame:
    """The sets that every run predicted, counted."""
    columns = ["example_id", "epoch", "role", "correct", "predicted_set"]
    return pd.concat(set_votes(read_table(path, RECORDS, columns=columns)) for path in paths)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "examples", "output")
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    run_stage(main, parser)
