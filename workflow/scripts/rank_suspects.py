"""Ranks the training examples by how suspect their label is: the list to open first when cleaning data."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.label_errors.tables import LABEL_ERRORS
from difficulty.analysis.similar_images import SIMILAR
from difficulty.analysis.suspect_evidence import EVIDENCE, evidence_table
from difficulty.analysis.suspect_facts import USED_OF_TRAINING, labels_of, last_epoch, training_of
from difficulty.analysis.suspect_list import SuspectList
from difficulty.analysis.suspect_remarks import said_of_images
from difficulty.analysis.suspects import ranked, ranking_scores, read_percentiles
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.label_sets import LABEL_SETS
from difficulty.scores.collect import SCORES
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")

_KNOWN_OF_EXAMPLES = ("example_id", "split", "key", "label", "class_name", "file", "duplicate_of")
_OF_TRAINING = [("split", "==", "train")]
_KNOWN_OF_LABELS = ("example_id", "label", "label_error_probability")


def main(args):
    wanted = args.settings["score"]
    ranking, directions = ranking_scores(args.scores, wanted)
    used = [name for name in read_schema(args.scores).columns if name in USED_OF_TRAINING]
    columns = list(dict.fromkeys([*_KNOWN_OF_LABELS, *used, ranking[wanted]]))
    scores = read_table(args.scores, SCORES, columns, _OF_TRAINING)
    named = [name for name in (*_KNOWN_OF_EXAMPLES, *LABEL_SETS) if name in read_schema(args.examples).columns]
    examples = read_table(args.examples, EXAMPLES, named)
    position = pd.Index(examples["example_id"]).get_indexer(scores["example_id"])
    examples = examples.iloc[position].reset_index(drop=True)
    labels = labels_of(args.records, examples, scores["label"].to_numpy(), args.settings["suggest_above"])
    similar = read_table(args.similar, SIMILAR) if args.similar else None
    everything = read_table(args.examples, EXAMPLES, named)  # again: it need not be there while records are read
    duplicate, further = said_of_images(everything, position, labels.given, similar)
    del everything
    trust = read_table(args.errors, LABEL_ERRORS).iloc[0]
    probability = scores["label_error_probability"].to_numpy(np.float64)
    if not trust["trustworthy"]:
        probability = np.full(len(probability), np.nan)
    training = training_of(scores, last_epoch(args.records))
    places = ranked(directions[wanted] * scores[ranking[wanted]].to_numpy(np.float64))
    del scores
    facts, example_id = provenance(args), examples["example_id"].to_numpy()
    evidence = evidence_table(example_id[places], args.records, example_id, args.features)
    write_table(evidence, args.evidence, EVIDENCE, facts)
    del evidence

    percentiles = read_percentiles(args.scores, ranking, directions, _OF_TRAINING)
    distrust = None if trust["trustworthy"] else trust["reason"]
    suspects = SuspectList(examples, labels, probability, training, duplicate, further, percentiles, distrust)
    counts = suspects.write(places, args.output, args.table, facts)
    text = "%d examples ranked by %s; %d labels are likely wrong or disputed; another label is suggested for %d"
    logger.info(text, len(places), wanted, counts["doubted"], counts["suggested"])


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "errors", "examples", "output")
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--similar", nargs="?", type=Path, help="near duplicates by given features")
    parser.add_argument("--features", nargs="?", type=Path, help="of the images, if there are any")
    required_paths(parser, "table", help="output: the same list with its types, for programs")
    required_paths(parser, "evidence", help="output: what speaks for and against the first of them")
    run_stage(main, parser)
