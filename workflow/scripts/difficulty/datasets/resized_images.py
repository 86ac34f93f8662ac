"""The images of a prepared data set decoded from their files in another size than the data set's."""

from pathlib import Path

from difficulty.datasets.decoding import Reading
from difficulty.datasets.files import FILES
from difficulty.datasets.images import ImageFiles
from difficulty.tables import read_provenance, read_table


def resized_images(pixels: Path, files: Path, shape: tuple[int, int, int]) -> ImageFiles:
    """The images in the order of the examples, each fitted to `shape` (height, width, channels).

    pixels, files: the data set's tables; images of more than 8 bits and transparent ones are read as for the data set.
    """
    reading = Reading(**read_provenance(pixels).get("reading", {}))
    names = read_table(files, FILES, columns=["file"])["file"].tolist()
    return ImageFiles(files.parent / "images", names, shape, reading)
