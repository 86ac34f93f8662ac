"""A two-dimensional map of the images of a data set by their features."""

import logging
import math

import pandas as pd

from difficulty.analysis.feature_map import FEATURE_MAP, principal_map, principal_map_in_parts, umap_places
from difficulty.datasets.feature_tables import open_features
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")
_MEMORY = 512 << 20  # bytes of vectors that are in memory at once, beside scikit-learn's copy of them


def main(args):
    example_ids, vectors = open_features(args.features)
    facts = {}
    if args.settings["map"] == "umap":
        places = umap_places(vectors[:])
    else:
        is_large = 4 * math.prod(vectors.shape) > _MEMORY
        found = principal_map_in_parts(vectors) if is_large else principal_map(vectors[:])
        places, facts["explained_variance"] = found
        shares = [100 * share for share in facts["explained_variance"]]
        logger.info("the axes explain %.1f %% and %.1f %% of the variance", *shares)
    table = pd.DataFrame({"example_id": example_ids, "x": places[:, 0], "y": places[:, 1]})
    write_table(table, args.output, FEATURE_MAP, provenance(args, **facts))


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "features", "output")
    run_stage(main, parser)
