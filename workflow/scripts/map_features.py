"""A two-dimensional map of the images of a data set by their features."""

import logging

import pandas as pd

from difficulty.analysis.feature_map import FEATURE_MAP, principal_map, umap_places
from difficulty.datasets.feature_tables import open_features
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")


def main(args):
    example_ids, vectors = open_features(args.features)
    facts = {}
    if args.settings["map"] == "umap":
        places = umap_places(vectors[:])
    else:
        places, facts["explained_variance"] = principal_map(vectors)
        shares = [100 * share for share in facts["explained_variance"]]
        logger.info("the axes explain %.1f %% and %.1f %% of the variance", *shares)
    table = pd.DataFrame({"example_id": example_ids, "x": places[:, 0], "y": places[:, 1]})
    write_table(table, args.output, FEATURE_MAP, provenance(args, **facts))


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "features", "output")
    run_stage(main, parser)
