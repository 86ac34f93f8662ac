"""NumPy's archives of arrays: one of images and one of labels for each split."""

import zipfile
import zlib

import numpy as np
import pandas as pd

from difficulty.datasets.source import Source
from difficulty.errors import UserError

_CHANNELS = (1, 3)
_SHAPES = "(N, height, width), or that with 1 or 3 channels as (N, height, width, C) or (N, C, height, width)"


def read(settings: dict) -> Source:
    """Reads the images of each split in the order of its arrays; original_index is the position there.

    settings: files {split: path}; images, labels: names of the arrays; arrays {split: [images, labels]} where they
    are called otherwise. Images are uint8, or float in 0..1 and then rounded to 8 bits. Labels are whole numbers,
    (N,) or (N, 1); those that are not 0 to C-1 are numbered in sorted order and keep their number as class name.
    Raises UserError, naming file and array, for anything else; no array of Python objects is ever loaded.
    """
    splits = [split for split in ("train", "test") if settings["files"].get(split)]
    names = {split: (settings.get("images", "x"), settings.get("labels", "y")) for split in splits}
    names |= {split: tuple(settings.get("arrays", {}).get(split) or names[split]) for split in splits}
    images, labels = [], []
    for split in splits:
        path, (image_name, label_name) = settings["files"][split], names[split]
        arrays = _load(path, names[split])
        images.append(_images(arrays[image_name], f"{path}: array {image_name!r}"))
        labels.append(_labels(arrays[label_name], f"{path}: array {label_name!r}"))
        if len(images[-1]) != len(labels[-1]):
            counts = f"{len(images[-1]):,} images in {image_name!r} but {len(labels[-1]):,} labels in {label_name!r}"
            raise UserError(f"{path}: {counts}; they must be as many")
    positions = np.concatenate([np.arange(len(part)) for part in images])
    values, classes = np.unique(np.concatenate(labels), return_inverse=True)
    examples = pd.DataFrame(
        {
            "split": np.repeat(splits, [len(part) for part in images]),
            "key": [f"{position:07d}" for position in positions],
            "original_index": positions,
            "label": classes.astype(np.int64),
            "class_name": values[classes].astype(str),
        }
    )
    parts = dict(zip(splits, images, strict=True))
    return Source(examples, lambda row: parts[examples["split"][row]][positions[row]])


def _load(path: str, names: tuple[str, str]) -> dict[str, np.ndarray]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise UserError(f"{path}: holds a single array; expected an archive made by numpy.savez")
        with archive:
            if missing := [name for name in names if name not in archive.files]:
                raise UserError(f"{path}: no array {missing[0]!r}; it has {', '.join(archive.files) or 'none'}")
            return {name: archive[name] for name in names}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; see datasets.*.files in the configuration") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path}: cannot be read as an archive of plain arrays ({error})") from error


def _images(array: np.ndarray, place: str) -> np.ndarray:
    """uint8 (N, H, W) or (N, H, W, 3)."""
    if 0 in array.shape:
        raise UserError(f"{place} has the shape {array.shape}, so there are no images in it")
    if array.dtype == np.uint8:
        images = array
    elif np.issubdtype(array.dtype, np.floating) and array.min() >= 0 and array.max() <= 1:
        images = np.rint(array * 255).astype(np.uint8)
    else:
        is_numeric = array.dtype.kind in "fiu"
        span = f" from {array.min():g} to {array.max():g}" if is_numeric else ""
        raise UserError(f"{place} has {array.dtype} values{span}; expected uint8, or float from 0 to 1")
    is_last, is_first = (array.ndim == 4 and array.shape[axis] in _CHANNELS for axis in (3, 1))
    if is_first and not is_last:
        images = images.transpose(0, 2, 3, 1)
    elif is_first or not (array.ndim == 3 or is_last):
        which = "where the channels are is not clear" if is_first else "its shape is not one of images"
        raise UserError(f"{place} has the shape {array.shape}: {which}; expected {_SHAPES}")
    return images[..., 0] if images.ndim == 4 and images.shape[3] == 1 else images


def _labels(array: np.ndarray, place: str) -> np.ndarray:
    """int64 (N,)."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        shape = f"{array.dtype} values of shape {array.shape}"
        raise UserError(f"{place} has {shape}; expected one whole number per image, (N,) or (N, 1)")
    if len(array) and array.min() < 0:
        raise UserError(f"{place} has the label {array.min()}; expected class numbers from 0")
    return array.astype(np.int64)
