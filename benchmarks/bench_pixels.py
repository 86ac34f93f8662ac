"""Reading 60,000 decoded colour images of 32 x 32 pixels.

Compared, in turns in one process: `read_pixels` (a Parquet table with checksums on every page, checked, and the
example_ids, checked to be unique) against numpy.load of the same images, and against reading their bytes into memory,
which is the limit. All files lie in the same folder and in the operating system's cache. Goal: under 1 s of wall time.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from measuring import in_turns, show, time_function

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.datasets.pixels import read_pixels, write_pixels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--images", type=int, default=60_000)
    args = parser.parse_args()
    example_ids = np.arange(args.images)
    images = np.random.default_rng(0).integers(0, 256, (args.images, 32, 32, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        table, array, raw = (Path(folder, name) for name in ("pixels.parquet", "images.npy", "images.raw"))
        write_pixels(table, example_ids, images, {})
        np.save(array, images)
        images.tofile(raw)
        found_ids, found = read_pixels(table)
        if not (np.array_equal(found, images) and np.array_equal(found_ids, example_ids)):
            sys.exit("read_pixels gave other images than were written")
        del found
        readers = {
            "read_pixels": lambda: read_pixels(table),
            "numpy.load": lambda: np.load(array),
            "raw file": lambda: np.fromfile(raw, np.uint8),
        }
        durations = in_turns(
            {name: lambda read=read: time_function(read) for name, read in readers.items()}, args.repeats
        )
    print(f"{args.images} images, {images.nbytes / 1e6:.0f} MB, {args.repeats} repeats")
    show(durations, "raw file")


if __name__ == "__main__":
    main()
