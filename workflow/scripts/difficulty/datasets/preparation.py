"""From a source of images to the files and tables that every later stage reads."""

import hashlib
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.decoding import Reading
from difficulty.datasets.duplicates import duplicate_of
from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.image_remarks import REASONS, described
from difficulty.datasets.intake import SHOWN, Intake
from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.path_names import printable
from difficulty.datasets.pixels import channel_histogram
from difficulty.datasets.source import Source
from difficulty.datasets.stored_rows import StoredRows
from difficulty.datasets.taken_images import TakenImages
from difficulty.errors import UserError
from difficulty.parts import Parts
from difficulty.random_streams import derived_seed

logger = logging.getLogger(__name__)
_BAD_IMAGES_SHOWN = 10


@dataclass(frozen=True)
class Prepared:
    """A data set ready to be written.

    examples: rows of EXAMPLES with truth columns. images: uint8 (N, H, W, C), indexed like an array and read when they
    are asked for, or None if they stay in their files.
    shape: (H, W, C). histogram: levels of the training images by channel, (C, 256). bad: name -> what is wrong.
    reading: how the images became 8 bits. remarks: what the user should know of them, one line each. folder: where the
    images are as files.
    """

    examples: pd.DataFrame
    images: StoredRows | np.ndarray | None
    shape: tuple[int, int, int]
    histogram: np.ndarray
    bad: dict[str, str]
    reading: Reading
    remarks: tuple[str, ...]
    folder: Path


def prepare(source: Source, settings: dict, folder: Path, name: str = "images") -> Prepared:
    """Writes every chosen image below `folder` as {split}/{class}/{file} and decodes it; see `preparing`."""
    with preparing(source, settings, folder, name) as prepared:
        images = None if prepared.images is None else prepared.images[:]
    return replace(prepared, folder=folder, images=images)


@contextmanager
def preparing(
    source: Source,
    settings: dict,
    folder: Path,
    name: str = "images",
    key: Mapping | None = None,
    processes: int = 1,
) -> Iterator[Prepared]:
    """Decodes every chosen image and writes it as {split}/{class}/{file}; in the end all of them come to `folder`.

    settings: limit {split: number}, limit_seed, size (side in pixels; None keeps the images' own, which must
    then be equal), color (grey, rgb or None for what the images are), background (of transparent images), levels (of
    images with more than 8 bits: those that become 0 and 255; None: found in all images), on_bad_image (error or skip),
    link (hard, symlink or copy, for images that are files already), storage (memory, files or auto: by their size).
    name: what progress lines call the data set. key: of what an interrupted attempt has left, see `Parts`; the images
    themselves are compared. processes: that decode side by side; the result is the same.
    What is left is forgotten when the context ends, by when the tables must be written.
    Raises UserError naming the images that cannot be used.
    """
    examples = source.examples.reset_index(drop=True)
    examples.insert(0, "example_id", np.arange(len(examples)))
    examples = examples.iloc[_limited(examples, settings, name, source.intake)]
    made = TakenImages(source, settings, Parts.folder_of(folder) / "images", examples, name)
    chosen = hashlib.sha256(examples.to_csv().encode(errors="surrogateescape")).hexdigest()
    whole_key = {"settings": settings, **(key or {}), "examples": chosen}
    with Parts(folder, whole_key, len(examples), "images", made.accept) as parts:
        progress = parts.progress(name)
        for _ in made.take(parts, processes):
            progress.update(1)
        yield _prepared(made, parts, name)
        shutil.rmtree(folder, ignore_errors=True)
        made.folder.replace(folder)


def _prepared(made: TakenImages, parts: Parts, name: str) -> Prepared:
    if made.bad:
        _report(made.bad, made.settings, made.source.intake)
    examples = made.examples.assign(file=made.files, sha256=made.digests)
    examples = examples.dropna(subset="file").reset_index(drop=True)
    examples["duplicate_of"] = duplicate_of(examples)
    trained = (examples["split"] == "train").to_numpy()
    if not trained.any():
        raise UserError(f"datasets.{name}: no training example is left; see above what was left out, and why")
    _check_shapes(made.shapes, examples)
    images = None if made.in_files else made.pixels(parts)
    histogram = made.histogram(parts) if images is None else channel_histogram(images.select(np.flatnonzero(trained)))
    remarks = (*_about_untrained(examples), *described(made.remarks, made.reading))
    return Prepared(examples, images, made.shapes[0], histogram, made.bad, made.reading, remarks, made.folder)


def _limited(examples: pd.DataFrame, settings: dict, name: str, intake: Intake) -> np.ndarray:
    """Positions to keep: for each limited split a seeded random draw, in the source's order."""
    chosen = []
    for split in SPLITS:
        positions = np.flatnonzero(examples["split"] == split)
        limit = settings.get("limit", {}).get(split)
        if limit is not None and limit > len(positions):
            place = f"datasets.{name}.limit.{split}"
            raise UserError(f"{place}: expected at most {len(positions):,} (all {split} examples), got {limit:,}")
        if limit is not None:
            generator = np.random.default_rng(derived_seed("limit", settings.get("limit_seed", 0), split))
            intake.leave_out(f"beyond limit.{split}", (), len(positions) - limit)
            positions = np.sort(generator.choice(positions, limit, replace=False))
        chosen.append(positions)
    return np.concatenate(chosen)


def _about_untrained(examples: pd.DataFrame) -> list[str]:
    """Says which classes have test examples but no training example: all of those are broken or beyond a limit."""
    if has_label_sets(examples):
        return []
    test = examples[~examples["label"].isin(examples.loc[examples["split"] == "train", "label"])]
    if test.empty:
        return []
    classes = sorted(set(test["class_name"]))
    shown = ", ".join(map(printable, classes[:SHOWN])) + (", ..." if len(classes) > SHOWN else "")
    of_classes = f"classes without training examples: {len(classes)} ({shown})"
    return [f"{of_classes}; no network can be right on their {len(test)} test examples"]


def _report(bad: dict[str, str], settings: dict, intake: Intake) -> None:
    for name, reason in bad.items():
        logger.warning("%s: %s", name, reason)
    if settings.get("on_bad_image", "error") == "error":
        shown = "; ".join(f"{name} {reason}" for name, reason in list(bad.items())[:_BAD_IMAGES_SHOWN])
        more = f" and {len(bad) - _BAD_IMAGES_SHOWN} more, see the log" if len(bad) > _BAD_IMAGES_SHOWN else ""
        images = "image" if len(bad) == 1 else "images"
        raise UserError(f"{len(bad)} broken {images}: {shown}{more}; repair or remove them, or set on_bad_image: skip")
    for name, reason in bad.items():
        intake.leave_out(reason if reason in REASONS else "broken image", [name])


def _check_shapes(shapes: list[tuple], examples: pd.DataFrame) -> None:
    kinds = sorted(set(shapes))
    if len(kinds) > 1:
        first, second = (examples["key"].iloc[shapes.index(kind)] for kind in kinds[:2])
        raise UserError(
            f"the images have {len(kinds)} different shapes, e.g. {first} {kinds[0]} and {second} {kinds[1]} "
            "(height, width, channels); set size (pixels) and color (grey or rgb) of the data set"
        )
