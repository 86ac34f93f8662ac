"""Statistics of every image of a data set, which may make it hard whatever its label and the network."""

import logging
from pathlib import Path

from difficulty.datasets.files import check_files
from difficulty.datasets.images import open_images
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.images.statistics import STATISTICS, image_statistics_table
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")


def main(args):
    check_files(args.files)
    example_ids, images = open_images(args.pixels)
    wanted = args.settings["statistics"]
    name = args.output.parent.name
    table = image_statistics_table(images, args.processes, wanted, args.settings.get("size"), progress=name)
    table.insert(0, "example_id", example_ids)
    schema = EXAMPLE_SCORES.extended({statistic: STATISTICS[statistic] for statistic in wanted})
    packages = ("numpy", "pandas", "pillow", "pyarrow", "scikit-image", "scipy")
    write_table(table, args.output, schema, provenance(args, packages))
    logger.info("%d images of shape %s, %d statistics", len(table), images.shape[1:], len(wanted))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--processes", type=int, default=1, help="that work side by side; the result is the same")
    parser.add_argument("--pixels", type=Path, required=True)
    parser.add_argument("--files", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
