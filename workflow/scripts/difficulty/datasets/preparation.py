"""From a source of images to the files and tables that every later stage reads."""

import logging
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.decoding import DECODING_ERRORS, Reading, converted, opened, sized
from difficulty.datasets.deep_levels import FLOAT, INTEGER
from difficulty.datasets.duplicates import duplicate_of
from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.image_remarks import DEEP, NOT_UTF8, REASONS, described, levels_of, reason_of
from difficulty.datasets.images import IN_FILES, stored_in
from difficulty.datasets.intake import SHOWN, Intake
from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.path_names import is_utf8, printable
from difficulty.datasets.pixels import channel_histogram
from difficulty.datasets.placing import FileNames, place
from difficulty.datasets.source import Image, Source
from difficulty.errors import UserError
from difficulty.progress import Progress
from difficulty.random_streams import derived_seed

logger = logging.getLogger(__name__)
_BAD_IMAGES_SHOWN = 10
_MEMORY = 4 << 30  # bytes of decoded images that are kept in memory unless `storage` says otherwise


@dataclass(frozen=True)
class Prepared:
    """A data set ready to be written.

    examples: rows of EXAMPLES with truth columns. images: uint8 (N, H, W, C), or None if they stay in their files.
    shape: (H, W, C). histogram: levels of the training images by channel, (C, 256). bad: name -> what is wrong.
    reading: how the images became 8 bits. remarks: what the user should know of them, one line each.
    """

    examples: pd.DataFrame
    images: np.ndarray | None
    shape: tuple[int, int, int]
    histogram: np.ndarray
    bad: dict[str, str]
    reading: Reading
    remarks: tuple[str, ...]


def prepare(source: Source, settings: dict, folder: Path, name: str = "images") -> Prepared:
    """Writes every chosen image below `folder` as {split}/{class}/{file} and decodes it.

    settings: limit {split: number}, limit_seed, size (side in pixels; None keeps the images' own, which must
    then be equal), color (grey, rgb or None for what the images are), background (of transparent images), levels (of
    images with more than 8 bits: those that become 0 and 255; None: found in all images), on_bad_image (error or skip),
    link (hard, symlink or copy, for images that are files already), storage (memory, files or auto: by their size).
    name: what progress lines call the data set.
    Raises UserError naming the images that cannot be used.
    """
    examples = source.examples.reset_index(drop=True)
    examples.insert(0, "example_id", np.arange(len(examples)))
    examples = examples.iloc[_limited(examples, settings, name, source.intake)]
    shutil.rmtree(folder, ignore_errors=True)
    progress, made = Progress(name, len(examples), "images"), _Images(source, settings, folder, examples.index)
    for row, example in zip(examples.index, examples.itertuples(), strict=True):
        if made.add(row, example):
            progress.update(1)
    if made.bad:
        _report(made.bad, settings, source.intake)
    examples = examples.assign(file=made.files, sha256=made.digests).dropna(subset="file").reset_index(drop=True)
    examples["duplicate_of"] = duplicate_of(examples)
    trained = (examples["split"] == "train").to_numpy()
    if not trained.any():
        raise UserError(f"datasets.{name}: no training example is left; see above what was left out, and why")
    _check_shapes(made.shapes, examples)
    images = None if made.in_files else np.stack(made.decoded)
    histogram = made.histogram if images is None else channel_histogram(images[trained])
    remarks = (*_about_untrained(examples), *described(made.remarks, made.reading))
    return Prepared(examples, images, made.shapes[0], histogram, made.bad, made.reading, remarks)


class _Images:
    """The images of a data set, read, decoded and placed one after the other.

    files, digests: path below the folder and SHA-256 of each image, None for one that cannot be used. shapes: (H, W, C)
    of each usable one. decoded: their pixels, if they are kept in memory; else histogram: levels of the training
    images by channel, (C, 256). bad: name -> what is wrong. remarks: kind -> names of the images that it is about.
    """

    def __init__(self, source: Source, settings: dict, folder: Path, rows: pd.Index):
        self.source, self.settings, self.folder, self.rows = source, settings, folder, rows
        self.reading = _reading(settings)
        self.names = FileNames()
        self.files: list[str | None] = []
        self.digests: list[str | None] = []
        self.shapes: list[tuple[int, int, int]] = []
        self.decoded: list[np.ndarray] = []
        self.histogram: np.ndarray | int = 0
        self.bad: dict[str, str] = {}
        self.remarks: dict[str, list[str]] = {}
        self.in_files = False

    def add(self, row: int, example) -> bool:
        """Takes the image of a row of the source in; False if it cannot be used. example: the row, as a tuple."""
        image = None
        try:
            image = self.source.image(row)
            found = opened(_checked(image))
            if found.levels is not None and not self.reading.levels:
                self.reading = replace(self.reading, levels=levels_of(self.source, self.rows))
            pixels = sized(converted(found, self.reading), self.settings.get("size"))
        except Exception as error:  # whatever is wrong with one image, the others are good and this one is named
            self._leave_out(_name(image, example), reason_of(image, error), error)
            return False
        for remark in found.remarks | ({DEEP} if found.levels is not None else set()):
            self.remarks.setdefault(remark, []).append(_name(image, example))
        self._keep(pixels, example.split == "train")
        file = self.names.of(example.split, example.class_name, example.key, image)
        self.files.append(file.as_posix())
        self.digests.append(place(image, self.folder / file, self.settings.get("link", "hard")))
        return True

    def _leave_out(self, name: str, reason: str, error: Exception) -> None:
        self.bad[name] = reason
        if not isinstance(error, (*DECODING_ERRORS, UserError)):
            logger.info("%s", name, exc_info=error)
        self.files.append(None)
        self.digests.append(None)

    def _keep(self, pixels: np.ndarray, is_trained: bool) -> None:
        if not self.shapes:
            self.in_files = stored_in(self.settings, len(self.rows), pixels.shape, _MEMORY) == IN_FILES
        self.shapes.append(pixels.shape)
        if not self.in_files:
            self.decoded.append(pixels)
        elif is_trained and pixels.shape == self.shapes[0]:
            self.histogram = self.histogram + channel_histogram(pixels[None])


def _reading(settings: dict) -> Reading:
    """Levels that the user gives hold for whole numbers and for others; else they are found when they are needed."""
    levels = {kind: tuple(settings["levels"]) for kind in (INTEGER, FLOAT)} if settings.get("levels") else {}
    return Reading(settings.get("color"), settings.get("background") or "white", levels)


def _checked(image: Image) -> Image:
    """The image, unless the name of its file cannot stand in a table."""
    if isinstance(image, Path) and not is_utf8(str(image)):
        raise ValueError(NOT_UTF8)
    return image


def _name(image: Image | None, example) -> str:
    return printable(image) if isinstance(image, Path) else f"{example.split}/{printable(example.key)}"


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
