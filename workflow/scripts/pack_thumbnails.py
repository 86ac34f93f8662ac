"""Packs small pictures of all images of a data set into sheets, which pages show."""

import logging
from dataclasses import asdict

import numpy as np
import pyarrow as pa

from difficulty.atlas.thumbnails import THUMBNAILS, are_smaller, sheets, tiles_for
from difficulty.datasets.images import open_images
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")


def main(args):
    _, images = open_images(args.pixels)
    tiles = tiles_for(*images.shape[:3])
    packed = list(sheets(images, tiles))
    table = pa.table({"sheet": np.arange(len(packed)), "image": pa.array(packed, pa.binary())})
    facts = {"tiles": asdict(tiles), "shrunk": are_smaller(tiles, args.pixels.parent / "images")}
    write_table(table, args.output, THUMBNAILS, provenance(args, **facts), compression="none", dictionary=False)
    facts = len(images), len(packed), tiles.width, tiles.height, sum(map(len, packed)) / 1e6
    logger.info("%d images in %d sheets, %d x %d pixels each, %.1f MB", *facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "pixels", "output")
    run_stage(main, parser)
