"""Ranks the training examples by how suspect their label is: the list to open first when cleaning data."""

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa

from difficulty.analysis.label_errors.tables import LABEL_ERRORS
from difficulty.analysis.similar_images import SIMILAR
from difficulty.analysis.suspect_evidence import EVIDENCE, evidence_table
from difficulty.analysis.suspect_facts import USED_OF_TRAINING, labels_of, last_epoch, training_of
from difficulty.analysis.suspect_remarks import remarks
from difficulty.analysis.suspect_verdicts import DISPUTED, WRONG, sentences, undecided, verdicts
from difficulty.analysis.suspects import SUSPECTS, Suspicion, hardness_percentiles, ranking_scores, suspect_table
from difficulty.csv_files import write_csv
from difficulty.datasets.duplicates import conflicts
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.collect import SCORES
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import Column, read_schema, read_table, write_table

logger = logging.getLogger("difficulty")

_KNOWN_OF_LABELS = ("example_id", "label", "label_error_probability")


def main(args):
    wanted = args.settings["score"]
    ranking, directions = ranking_scores(args.scores, wanted)
    known = read_schema(args.scores).columns
    columns = dict.fromkeys(
        [*_KNOWN_OF_LABELS, *(name for name in USED_OF_TRAINING if name in known), *ranking.values()]
    )
    scores = read_table(args.scores, SCORES, list(columns), [("split", "==", "train")])
    hardness = scores[list(ranking.values())].set_axis(list(ranking), axis=1)
    everything = read_table(args.examples, EXAMPLES).set_index("example_id", drop=False)
    examples = everything.loc[scores["example_id"]].reset_index(drop=True)
    labels = labels_of(args.records, examples, scores["label"].to_numpy(), args.settings["suggest_above"])

    own_labels = everything["class_name"].copy()
    own_labels.loc[examples["example_id"]] = labels.given
    labelled = everything.assign(class_name=own_labels).reset_index(drop=True)
    similar = read_table(args.similar, SIMILAR) if args.similar else None
    found = conflicts(labelled), remarks(labelled, similar)
    duplicate, further = (
        np.array([each.get(name) for name in examples["example_id"].tolist()], object) for each in found
    )
    trust = read_table(args.errors, LABEL_ERRORS).iloc[0]
    probability = scores["label_error_probability"].to_numpy(np.float64)
    if not trust["trustworthy"]:
        probability = np.full(len(probability), np.nan)
    facts = probability, labels.predictions, training_of(scores, last_epoch(args.records)), duplicate
    words, evidence = verdicts(*facts), sentences(*facts, further)
    if not trust["trustworthy"]:
        words, evidence = undecided(trust["reason"], evidence)

    suspicion = Suspicion(labels.given, labels.suggested, labels.share, probability, words, np.array(evidence, object))
    order = directions[wanted] * hardness[wanted].to_numpy(np.float64)
    table = suspect_table(examples, suspicion, hardness_percentiles(hardness, directions), order)
    write_csv(table, args.output, float_format="%.2f")
    percentiles = {name: Column(pa.float64(), f"percentile of {name}, 100 being the hardest", True) for name in ranking}
    write_table(table, args.table, SUSPECTS.extended(percentiles), provenance(args))
    shown = evidence_table(table["example_id"], args.records, examples["example_id"], args.features)
    write_table(shown, args.evidence, EVIDENCE, provenance(args))
    doubted = int(table["verdict"].isin([WRONG, DISPUTED]).sum())
    counts = len(table), wanted, doubted, int(table["suggested_label"].notna().sum())
    text = "%d examples ranked by %s; %d labels are likely wrong or disputed; another label is suggested for %d"
    logger.info(text, *counts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "errors", "examples", "output")
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--similar", nargs="?", type=Path, help="near duplicates by given features")
    parser.add_argument("--features", nargs="?", type=Path, help="of the images, if there are any")
    required_paths(parser, "table", help="output: the same list with its types, for programs")
    required_paths(parser, "evidence", help="output: what speaks for and against the first of them")
    run_stage(main, parser)
