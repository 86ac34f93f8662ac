"""NumPy's archives of arrays: one of images and one of labels for each split."""

import math
import zipfile
import zlib

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.intake import Intake
from difficulty.datasets.label_matching import labelled, matched
from difficulty.datasets.labels import ClassLabels, read_labels
from difficulty.datasets.source import Source
from difficulty.errors import UserError
from difficulty.memory import check_size

_CHANNELS = (1, 3)
_SHAPES = "(N, height, width), or that with 1 or 3 channels as (N, height, width, C) or (N, C, height, width)"


def read(settings: dict) -> Source:
    """Reads the images of each split in the order of its arrays; original_index is the position there.

    settings: files {split: path}; images, labels: names of the arrays; arrays {split: [images, labels]} where they
    are called otherwise; unlabelled (error or skip). Images are uint8, or float in 0..1 and then rounded to 8 bits.
    Labels are numbers or names of classes, (N,) or (N, 1); classes are sorted, and numbers stay their names.
    Raises UserError, naming file and array, for anything else; no array of Python objects is ever loaded.
    """
    splits = [split for split in SPLITS if settings["files"].get(split)]
    names = {split: (settings.get("images", "x"), settings.get("labels", "y")) for split in splits}
    names |= {split: tuple(settings.get("arrays", {}).get(split) or names[split]) for split in splits}
    images, parts = {}, []
    for split in splits:
        images[split], labels = _read_split(settings["files"][split], *names[split])
        parts.append(labels)
    class_names, parts = matched(parts, splits)
    intake = Intake("rows")
    kept = labelled(parts, lambda split, row: f"{splits[split]}/{row}", settings.get("unlabelled", "error"), intake)
    frames = [
        _examples(split, np.flatnonzero(is_kept), part.codes, class_names)
        for split, part, is_kept in zip(splits, parts, kept, strict=True)
    ]
    examples = pd.concat(frames, ignore_index=True)
    places = list(zip(examples["split"], examples["original_index"], strict=True))

    def image(row: int) -> np.ndarray:
        split, position = places[row]
        return images[split][position]

    return Source(examples, image, tuple(note for part in parts for note in part.notes), intake)


def _read_split(path: str, image_name: str, label_name: str) -> tuple[np.ndarray, ClassLabels]:
    """Images (N, H, W) or (N, H, W, 3) and labels (N,) of an archive."""
    arrays = _load(path, (image_name, label_name))
    images = _images(arrays[image_name], f"{path}: array {image_name!r}")
    labels = _labels(arrays[label_name], f"{path}: array {label_name!r}")
    if len(images) != len(labels.codes):
        counts = f"{len(images):,} images in {image_name!r} but {len(labels.codes):,} labels in {label_name!r}"
        raise UserError(f"{path}: {counts}; they must be as many")
    return images, labels


def _examples(split: str, positions: np.ndarray, codes: np.ndarray, class_names: list[str]) -> pd.DataFrame:
    """Rows of the examples at some positions of a split's arrays. codes: numbers of the classes of all, (N,)."""
    return pd.DataFrame(
        {
            "split": split,
            "key": [f"{position:07d}" for position in positions],
            "original_index": positions,
            "label": codes[positions],
            "class_name": np.array(class_names, dtype=object)[codes[positions]],
        }
    )


def _load(path: str, names: tuple[str, str]) -> dict[str, np.ndarray]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise UserError(f"{path}: holds a single array; expected an archive made by numpy.savez")
        with archive:
            if missing := [name for name in names if name not in archive.files]:
                raise UserError(f"{path}: no array {missing[0]!r}; it has {', '.join(archive.files) or 'none'}")
            for name in names:
                _check_claim(path, archive.zip, name)
            return {name: archive[name] for name in names}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; see datasets.*.files in the configuration") from error
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path}: cannot be read as an archive of plain arrays ({error})") from error


def _check_claim(path: str, archive: zipfile.ZipFile, name: str) -> None:
    """Raises UserError if an array claims more than fits into memory, or than the archive says that it has."""
    member = name if name in archive.namelist() else f"{name}.npy"
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = reader(file)
        size, held = math.prod(shape) * kind.itemsize, archive.getinfo(member).file_size - file.tell()
    check_size(path, f"array {name!r}", size)
    if size != held and not kind.hasobject:
        raise UserError(f"{path}: array {name!r} claims {size:,} bytes and has {held:,}; the file is damaged")


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


def _labels(array: np.ndarray, place: str) -> ClassLabels:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "biufSU":
        shape = f"{array.dtype} values of shape {array.shape}"
        raise UserError(f"{place} has {shape}; expected one class per image, by number or name, (N,) or (N, 1)")
    return read_labels(array, place)
