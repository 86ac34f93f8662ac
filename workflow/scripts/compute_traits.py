"""Which scores, statistics of images and truths the parts have that the experiments of a study are trained on."""

import logging
from pathlib import Path

from difficulty.analysis.traits import STATISTIC, TRAITS, TRUTH, plain_traits, score_traits, traits_table
from difficulty.analysis.truth_correlation import numeric_columns
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.collect import SCORES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    settings = args.settings
    scores = read_table(args.scores, SCORES)
    scores = scores[scores["runs_train"] > 0].set_index("example_id")
    original = read_table(args.examples, EXAMPLES).set_index("example_id").loc[scores.index]
    truth = numeric_columns(original, [name for name in original.columns if name not in EXAMPLES.columns])
    traits = [
        *score_traits(scores, read_schema(args.scores).columns),
        *plain_traits(STATISTIC, scores[settings["statistics"]]),
        *plain_traits(TRUTH, truth),
    ]
    members = {}
    for path in args.parts:
        part = read_table(path, EXAMPLES, ["example_id", "split"])
        members[path.parent.name] = part.loc[part["split"] == "train", "example_id"]
    trained_on = dict(zip(settings["experiments"], settings["datasets"], strict=True))
    table = traits_table(traits, scores.index.to_numpy(), trained_on, members, settings["chosen_by"])
    write_table(table, args.output, TRAITS, provenance(args))
    logger.info("%d traits of %d parts, against %d examples", len(traits), len(members), len(scores))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True, help="of an experiment on what the parts are of")
    parser.add_argument("--examples", type=Path, required=True, help="of the data set that all are subsets of")
    parser.add_argument("--parts", nargs="+", type=Path, required=True, help="examples.parquet of every part")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
