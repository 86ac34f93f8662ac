"""Packs small pictures of all images of a data set into sheets, which pages show."""

import logging
from dataclasses import asdict

from difficulty.atlas.thumbnails import are_smaller, sheets, tiles_for, write_sheets
from difficulty.datasets.images import open_images
from difficulty.stage import arguments, provenance, required_paths, run_stage

logger = logging.getLogger("difficulty")


def main(args):
    _, images = open_images(args.pixels)
    tiles = tiles_for(*images.shape[:3])
    facts = {"tiles": asdict(tiles), "shrunk": are_smaller(tiles, args.pixels.parent / "images")}
    count, size = write_sheets(args.output, sheets(images, tiles), provenance(args, **facts))
    text = "%d images in %d sheets, %d x %d pixels each, %.1f MB"
    logger.info(text, len(images), count, tiles.width, tiles.height, size / 1e6)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "pixels", "output")
    run_stage(main, parser)
