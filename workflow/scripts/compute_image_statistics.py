"""Statistics of every image of a data set, which may make it hard whatever its label and the network."""

import logging

import numpy as np
import pandas as pd

from difficulty.datasets.files import check_files
from difficulty.datasets.images import open_images
from difficulty.file_digests import sha256_of
from difficulty.parts import Parts
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.images.large_data_sets import affordable, without_values
from difficulty.scores.images.statistics import STATISTICS, shrunk_size, statistics_in_parts
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")
_PACKAGES = ("numpy", "pandas", "pillow", "pyarrow", "scikit-image", "scipy")


def main(args):
    check_files(args.files)
    example_ids, images = open_images(args.pixels)
    name, settings, facts = args.output.parent.name, args.settings, provenance(args, _PACKAGES)
    wanted, size = settings["statistics"], settings.get("size")
    pixels = len(images) * int(np.prod(shrunk_size(*images.shape[1:3], size)))
    computed, remark = affordable(wanted, pixels, settings.get("fast_above"))
    if remark:
        warn(f"{name}: {remark}")
    with Parts(args.output, {**facts, "pixels": sha256_of(args.pixels)}, len(images), "images") as parts:
        progress = parts.progress(name)
        for table in statistics_in_parts(images, args.processes, computed, size, parts.done):
            parts.add(dict(table))
            progress.update(len(table))
        schema = EXAMPLE_SCORES.extended(without_values({each: STATISTICS[each] for each in wanted}, computed))
        table = pd.DataFrame({"example_id": example_ids, **parts.columns()}).reindex(columns=["example_id", *wanted])
        write_table(table, args.output, schema, facts)
    logger.info("%d images of shape %s, %d statistics", len(table), images.shape[1:], len(computed))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--processes", type=int, default=1, help="that work side by side; the result is the same")
    required_paths(parser, "pixels", "files", "output")
    run_stage(main, parser)
