"""From a source of images to the files and tables that every later stage reads."""

import hashlib
import io
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image

from difficulty.datasets.decoding import DECODING_ERRORS, decode
from difficulty.datasets.duplicates import duplicate_of
from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.files import link_file
from difficulty.datasets.images import IN_FILES, stored_in
from difficulty.datasets.pixels import channel_histogram
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
    """

    examples: pd.DataFrame
    images: np.ndarray | None
    shape: tuple[int, int, int]
    histogram: np.ndarray
    bad: dict[str, str]


def prepare(source: Source, settings: dict, folder: Path, name: str = "images") -> Prepared:
    """Writes every chosen image below `folder` as {split}/{class}/{file} and decodes it.

    settings: limit {split: number}, limit_seed, size (side in pixels; None keeps the images' own, which must
    then be equal), color (grey, rgb or None for what the images are), on_bad_image (error or skip),
    link (hard, symlink or copy, for images that are files already), storage (memory, files or auto: by their size).
    name: what progress lines call the data set.
    Raises UserError naming the images that cannot be used.
    """
    examples = source.examples.reset_index(drop=True)
    examples.insert(0, "example_id", np.arange(len(examples)))
    examples = examples.iloc[_limited(examples, settings, name)]
    shutil.rmtree(folder, ignore_errors=True)
    progress = Progress(name, len(examples), "images")
    files, digests, decoded, shapes, bad = [], [], [], [], {}
    in_files, histogram = False, 0
    for row, example in zip(examples.index, examples.itertuples(), strict=True):
        image = source.image(row)
        try:
            pixels = decode(image, settings)
        except DECODING_ERRORS as error:
            bad[str(image) if isinstance(image, Path) else f"{example.split}/{example.key}"] = _reason(image, error)
            files.append(None)
            digests.append(None)
            continue
        if not shapes:
            in_files = stored_in(settings, len(examples), pixels.shape, _MEMORY) == IN_FILES
        shapes.append(pixels.shape)
        if not in_files:
            decoded.append(pixels)
        elif example.split == "train" and pixels.shape == shapes[0]:
            histogram = histogram + channel_histogram(pixels[None])
        stem = _as_file_name(example.key.removeprefix(f"{example.class_name}/"))
        file = Path(example.split, _as_file_name(example.class_name), stem + _extension(image, stem))
        files.append(file.as_posix())
        digests.append(_place(image, folder / file, settings.get("link", "hard")))
        progress.update(1)
    if bad:
        _report(bad, settings)
    examples = examples.assign(file=files, sha256=digests).dropna(subset="file").reset_index(drop=True)
    examples["duplicate_of"] = duplicate_of(examples)
    if not (examples["split"] == "train").any():
        raise UserError("the data set has no usable training images")
    _check_shapes(shapes, examples)
    images = None if in_files else np.stack(decoded)
    if not in_files:
        histogram = channel_histogram(images[(examples["split"] == "train").to_numpy()])
    return Prepared(examples, images, shapes[0], histogram, bad)


def _limited(examples: pd.DataFrame, settings: dict, name: str) -> np.ndarray:
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
            positions = np.sort(generator.choice(positions, limit, replace=False))
        chosen.append(positions)
    return np.concatenate(chosen)


def _place(image: Image, path: Path, link: str) -> str:
    """Puts the image's file at `path`; returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, Path):
        link_file(image, path, link)
        return hashlib.sha256(image.read_bytes()).hexdigest()
    if isinstance(image, np.ndarray):
        buffer = io.BytesIO()
        PIL.Image.fromarray(image).save(buffer, "PNG")
        image = buffer.getvalue()
    path.write_bytes(image)
    return hashlib.sha256(image).hexdigest()


def _extension(image: Image, stem: str) -> str:
    """What the file name lacks: of files on disk their extension, unless it is there; else that of the format."""
    if isinstance(image, Path):
        return "" if stem.endswith(image.suffix) else image.suffix
    if isinstance(image, np.ndarray):
        return ".png"
    kind = PIL.Image.open(io.BytesIO(image)).format or "bin"
    return {"JPEG": ".jpg"}.get(kind, f".{kind.lower()}")


def _as_file_name(name: str) -> str:
    return name.replace("/", "_").replace("\0", "_").lstrip(".") or "_"


def _reason(image: Image, error: Exception) -> str:
    size = image.stat().st_size if isinstance(image, Path) and image.is_file() else len(image) if image else 0
    if isinstance(image, bytes | Path) and size == 0:
        return "is empty"
    return "cannot be identified as an image" if isinstance(error, PIL.UnidentifiedImageError) else str(error)


def _report(bad: dict[str, str], settings: dict) -> None:
    for name, reason in bad.items():
        logger.warning("%s: %s", name, reason)
    if settings.get("on_bad_image", "error") == "error":
        shown = "; ".join(f"{name} {reason}" for name, reason in list(bad.items())[:_BAD_IMAGES_SHOWN])
        more = f" and {len(bad) - _BAD_IMAGES_SHOWN} more, see the log" if len(bad) > _BAD_IMAGES_SHOWN else ""
        raise UserError(f"{len(bad)} broken images: {shown}{more}; mend or remove them, or set on_bad_image: skip")


def _check_shapes(shapes: list[tuple], examples: pd.DataFrame) -> None:
    kinds = sorted(set(shapes))
    if len(kinds) > 1:
        first, second = (examples["key"].iloc[shapes.index(kind)] for kind in kinds[:2])
        raise UserError(
            f"the images have {len(kinds)} different shapes, e.g. {first} {kinds[0]} and {second} {kinds[1]} "
            "(height, width, channels); set size (pixels) and color (grey or rgb) of the data set"
        )
