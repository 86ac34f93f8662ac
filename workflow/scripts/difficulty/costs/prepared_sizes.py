"""Sizes of a prepared data set by its tables, and of a source by its own reader. These import pandas."""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from difficulty.costs.sizes import Sizes, with_settings
from difficulty.datasets.decoding import opened
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.source import Source
from difficulty.errors import UserError
from difficulty.plan import paths
from difficulty.tables import read_foreign, read_provenance, read_table

_OPENED = 50  # images
_LABEL_SET_CLASSES = 20  # of PASCAL VOC


def prepared_sizes(dataset: str, is_recorded: bool, configured: Sizes) -> Sizes:
    """Sizes by the tables of examples and pixels. configured: what was known before."""
    examples = read_table(paths.EXAMPLES.format(dataset=dataset), EXAMPLES, ["split", "label"])
    test = int((examples["split"] == "test").sum())
    sizes = replace(configured, train=len(examples) - test, test=test, note="")
    if not has_label_sets(examples):
        sizes = replace(sizes, classes=int(examples["label"].max()) + 1)
    if is_recorded:
        return sizes
    pixels = Path(paths.PIXELS.format(dataset=dataset))
    height, width, channels = read_provenance(pixels)["shape"]
    storage = "files" if pixels.stat().st_size < len(examples) * height * width * channels // 2 else "memory"
    return replace(sizes, height=height, width=width, channels=channels, storage=storage)


def source_sizes(settings: dict) -> Sizes:
    """Sizes of a source by its own reader, which lists its files, and by some of its images.

    Raises UserError for what preparation would refuse.
    """
    if settings["source"] == "records":
        return _records(settings)
    source = importlib.import_module(f"difficulty.datasets.{settings['source']}").read(settings)
    examples = source.examples
    test = int((examples["split"] == "test").sum())
    classes = _LABEL_SET_CLASSES if has_label_sets(examples) else int(examples["label"].max()) + 1
    rows = np.unique(np.linspace(0, len(examples) - 1, min(len(examples), _OPENED)).astype(int))
    known = [each for row in rows if (each := _shape(source, int(row)))]
    if not known:
        raise UserError(f"none of the {len(rows)} images that were tried can be opened")
    shapes, sizes = zip(*known, strict=True)
    height, width, channels = (int(np.median(values)) for values in zip(*shapes, strict=True))
    found = Sizes(len(examples) - test, test, classes, height, width, channels, float(np.mean(sizes)))
    return with_settings(found, settings)


def _shape(source: Source, row: int) -> tuple[tuple[int, int, int], int] | None:
    """((height, width, channels), bytes of the file) of an image; None if it cannot be opened."""
    try:
        return _shape_of(source.image(row))
    except Exception:  # decoders raise anything
        return None


def _shape_of(image) -> tuple[tuple[int, int, int], int]:
    if isinstance(image, np.ndarray):
        height, width, *channels = image.shape
        return (height, width, *(channels or [1])), int(0.75 * image.size) + 100
    picture = opened(image).picture
    size = image.stat().st_size if isinstance(image, Path) else len(image)
    return (picture.height, picture.width, 1 if picture.mode in ("1", "L", "I", "F") else 3), size


def _records(settings: dict) -> Sizes:
    columns = [settings["example_id"], settings["label"], *([settings["split"]] if settings.get("split") else [])]
    table = read_foreign(settings["files"][0], columns).to_pandas()
    rows = len(table)
    table = table.drop_duplicates(settings["example_id"])
    test = int((table[settings["split"]] != "train").sum()) if settings.get("split") else 0
    classes = int(table[settings["label"]].max()) + 1
    return Sizes(len(table) - test, test, classes, 1, 1, 1, records=max(rows // max(len(table), 1), 1))
