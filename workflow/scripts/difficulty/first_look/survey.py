"""Looks at every image of a source as the preparation of a data set would, and remembers what it found."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image

from difficulty.datasets.decoding import opened
from difficulty.datasets.image_remarks import NOT_UTF8, reason_of
from difficulty.datasets.path_names import is_utf8, printable
from difficulty.datasets.source import Image, Source
from difficulty.progress import Progress

_MOST = 10_000  # images that are opened
_THUMBNAIL, _NEARLY_GREY = 32, 8  # side in pixels; levels by which the channels of a grey JPEG may differ


@dataclass(frozen=True)
class Survey:
    """What the images of a source are like.

    examples: those of the source that can be used, with example_id and, where they were opened, width, height (pixels),
    is_grey and sha256 of the content. opened: how many were. bad: name -> why an image cannot be used.
    """

    examples: pd.DataFrame
    opened: int
    bad: dict[str, str]

    def count(self, split: str) -> int:
        """Number of examples of a split."""
        return int((self.examples["split"] == split).sum())

    def shorter_sides(self) -> pd.Series:
        """Pixels, of the images that were opened."""
        return self.examples[["width", "height"]].min(axis=1).dropna()

    def is_grey(self) -> bool:
        """Whether no image has colours."""
        return bool(self.examples["is_grey"].dropna().all())


def surveyed(source: Source, name: str) -> Survey:
    """Opens the images of a source, evenly spread ones if there are more than 10,000. name: for progress lines."""
    examples = source.examples.reset_index(drop=True)
    rows = np.unique(np.linspace(0, len(examples) - 1, min(len(examples), _MOST)).astype(int))
    progress, bad, found, lost = Progress(name, len(rows), "images"), {}, {}, []
    for row in map(int, rows):
        image = None
        try:
            image = source.image(row)
            if isinstance(image, Path) and not is_utf8(str(image)):
                raise ValueError(NOT_UTF8)
            picture = opened(image).picture
            found[row] = (*picture.size, _is_grey(picture), _content(image))
        except Exception as error:  # as in the preparation: one image is wrong, the others are good
            key = f"{examples['split'][row]}/{examples['key'][row]}"
            bad[printable(image) if isinstance(image, Path) else key] = reason_of(image, error)
            lost.append(row)
        progress.update(1)
    facts = pd.DataFrame.from_dict(found, orient="index", columns=["width", "height", "is_grey", "sha256"])
    examples = examples.join(facts).drop(index=lost)
    examples.insert(0, "example_id", np.arange(len(examples)))
    return Survey(examples, len(rows), bad)


def _is_grey(picture: PIL.Image.Image) -> bool:
    """Whether an image has no colours, even if it is stored as if it had."""
    if picture.mode in ("1", "L", "LA", "La", "I", "F") or picture.mode.startswith("I;"):
        return True
    small = picture.convert("RGB").resize((_THUMBNAIL, _THUMBNAIL), PIL.Image.Resampling.BOX)
    levels = np.asarray(small, dtype=int)
    return bool((levels.max(axis=2) - levels.min(axis=2)).max() <= _NEARLY_GREY)


def _content(image: Image) -> str:
    data = image.read_bytes() if isinstance(image, Path) else image if isinstance(image, bytes) else image.tobytes()
    return hashlib.sha256(data).hexdigest()
