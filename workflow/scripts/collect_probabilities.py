"""Matches other people's out-of-fold probabilities to the training examples of an experiment."""

import logging

import pyarrow as pa

from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.scores.given_probabilities import GIVEN_PROBABILITIES, probabilities_of, read_given
from difficulty.scores.label_quality.held_out import rows_of_group
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    examples, given = read_table(args.examples, EXAMPLES), read_given(args.given, args.settings)
    classes = len(class_names(examples))
    training = examples[examples["split"] == "train"].sort_values("example_id")
    values = probabilities_of(training, given, args.settings["by"], classes)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), classes)
    lists = lists.cast(GIVEN_PROBABILITIES.columns["probabilities"].type)
    table = pa.table({"example_id": training["example_id"].to_numpy(), "probabilities": lists})
    write_table(table, args.output, GIVEN_PROBABILITIES, provenance(args), rows_of_group(classes), dictionary=False)
    logger.info("%d training examples; %d rows are of no such example", len(values), len(given.keys) - len(values))


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "given", help="the user's table or array")
    required_paths(parser, "examples", "output")
    run_stage(main, parser)
