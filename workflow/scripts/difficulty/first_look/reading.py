"""Reads a source as the preparation of a data set does, and finds out what has to be skipped for that."""

import importlib
from itertools import chain, combinations
from pathlib import Path

from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.path_names import printable
from difficulty.datasets.source import Source
from difficulty.errors import UserError

_SKIPPED = {
    "image_folder": ("on_bad_image",),
    "voc": ("on_bad_image",),
    "npz": ("unlabelled",),
    "parquet": ("unlabelled",),
    "flat_folder": ("unlabelled", "on_bad_image"),
}


def read_leniently(settings: dict, place: Path) -> tuple[Source, dict]:
    """(source, its settings, with as few of those as possible that leave out what is wrong).

    place: what messages call the images. Raises UserError for what no setting helps with, and for a single class.
    """
    module = importlib.import_module(f"difficulty.datasets.{settings['source']}")
    names = _SKIPPED[settings["source"]]
    for skipped in chain.from_iterable(combinations(names, count) for count in range(len(names) + 1)):
        tried = settings | dict.fromkeys(skipped, "skip")
        try:
            source = module.read(tried)
            break
        except UserError:
            if skipped == names:
                raise
    _require_classes(source, place)
    return source, tried


def _require_classes(source: Source, place: Path) -> None:
    examples = source.examples
    classes = sorted(examples.loc[examples["split"] == "train", "class_name"].unique())
    if len(classes) < 2 and not has_label_sets(examples):
        found = f"one class only ({printable(classes[0])})" if classes else "no training images"
        raise UserError(f"{printable(place.absolute())}: {found}, so there is nothing to learn; two classes are needed")
