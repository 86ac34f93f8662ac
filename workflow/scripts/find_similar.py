"""Pairs of images of a data set whose features are nearly the same, whatever their labels."""

import logging

from difficulty.analysis.similar_images import SIMILAR, similar_table
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.feature_tables import stored_vectors_of
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    examples = read_table(args.examples, EXAMPLES, columns=["example_id", "split", "sha256"])
    positions, vectors = stored_vectors_of(args.features, examples["example_id"])
    above, name = args.settings["similar_above"], args.output.parent.name
    table, left_out = similar_table(examples.iloc[positions], vectors, above, f"{name} similar images")
    write_table(table, args.output, SIMILAR, provenance(args))
    across = int((~table["same_split"]).sum())
    text = "%d pairs of %d images have a cosine of %g or more, %d of them across splits, %d of identical files"
    logger.info(text, len(table), len(vectors), above, across, table["identical"].sum())
    if left_out:
        warn(f"{name}: {left_out:,} more pairs are left out; raise analyses.features.similar_above above {above:g}")


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "features", "examples", "output")
    run_stage(main, parser)
