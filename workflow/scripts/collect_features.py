"""Features of the images of a data set that somebody else computed, matched by index or name."""

import logging
from pathlib import Path

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.feature_files import read_vectors, vectors_of_examples
from difficulty.datasets.feature_tables import write_features
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table

logger = logging.getLogger("difficulty")


def main(args):
    examples = read_table(args.examples, EXAMPLES, columns=["example_id", "split", "key", "original_index"])
    found = [read_vectors(path, args.settings) for path in args.files]
    positions, vectors, unused = vectors_of_examples(examples, found, args.settings)
    facts = provenance(args, ("numpy", "pandas", "pillow", "pyarrow"))
    write_features(args.output, examples["example_id"].to_numpy()[positions], vectors, facts)
    logger.info("%d of %d images have %d features", *(len(vectors), len(examples), vectors.shape[1]))
    logger.info("%d rows of %s found no image", unused, " and ".join(str(path) for path in args.files))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="of all images, or of each split")
    required_paths(parser, "examples", "output")
    run_stage(main, parser)
