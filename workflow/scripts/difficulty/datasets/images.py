"""The images of a prepared data set, decoded in memory or in their files."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image

from difficulty.datasets.decoding import Reading, as_pixels, fitted, open_picture
from difficulty.datasets.example_tables import PIXELS
from difficulty.datasets.files import FILES
from difficulty.datasets.pixels import open_pixels
from difficulty.datasets.stored_rows import StoredRows
from difficulty.errors import UserError
from difficulty.random_streams import derived_seed
from difficulty.tables import read_arrow, read_provenance, read_table

IN_FILES = "files"  # storage of data sets that are too large for memory


@dataclass(frozen=True)
class RandomCrop:
    """A random part of an image, resized to the data set's size: torchvision's RandomResizedCrop.

    scale: range of the part's share of the area; ratio: range of width / height, drawn evenly on a log scale.
    The draws are a function of (seed, epoch, row), whichever process makes them.
    """

    scale: tuple[float, float]
    ratio: tuple[float, float]
    seed: int
    epoch: int

    def box(self, row: int, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge in pixels; ten tries, then as much of the middle as the ratios allow."""
        draws = np.random.default_rng(derived_seed(self.seed, "crop", self.epoch, row))
        narrow, wide = (math.log(bound) for bound in self.ratio)
        for _ in range(10):
            area = width * height * draws.uniform(*self.scale)
            ratio = math.exp(draws.uniform(narrow, wide))
            across, down = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < across <= width and 0 < down <= height:
                break
        else:
            across = min(width, max(1, round(height * self.ratio[1])))
            down = min(height, max(1, round(across / self.ratio[0])))
            left, upper = (width - across) // 2, (height - down) // 2
            return left, upper, left + across, upper + down
        left, upper = (int(draws.integers(0, room + 1)) for room in (width - across, height - down))
        return left, upper, left + across, upper + down


@dataclass(frozen=True)
class ImageFiles:
    """N images that are decoded when they are asked for.

    image_shape: (H, W, C) that each is fitted to. reading: how each becomes 8 bits; its colour follows from the shape.
    """

    folder: Path
    files: Sequence[str]
    image_shape: tuple[int, int, int]
    reading: Reading = field(default_factory=Reading)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, H, W, C)."""
        return (len(self.files), *self.image_shape)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, rows) -> np.ndarray:
        """uint8 (B, H, W, C) of a slice or of positions (B,)."""
        return self.decoded(np.arange(len(self))[rows])

    def select(self, rows) -> "ImageFiles":
        """Only the images at these positions; nothing is decoded."""
        return replace(self, files=[self.files[row] for row in np.arange(len(self))[rows]])

    def decoded(self, rows: Sequence[int], crop: RandomCrop | None = None) -> np.ndarray:
        """uint8 (B, H, W, C), cropped at random if asked; UserError naming a file that cannot be decoded."""
        images = np.empty((len(rows), *self.image_shape), np.uint8)
        for place, row in enumerate(rows):
            path = self.folder / self.files[row]
            try:
                images[place] = self._decoded(path, int(row), crop)
            except Exception as error:  # decoders raise anything
                raise UserError(f"{path}: cannot be decoded any more ({error}); put back what was there") from error
        return images

    def _decoded(self, path: Path, row: int, crop: RandomCrop | None) -> np.ndarray:
        height, width, channels = self.image_shape
        picture = open_picture(path, replace(self.reading, color="rgb" if channels == 3 else "grey"))
        if crop is None:
            return fitted(picture, width, height)
        box = crop.box(row, *picture.size)
        return as_pixels(picture.resize((width, height), PIL.Image.Resampling.BILINEAR, box=box))


def open_images(path) -> tuple[np.ndarray, StoredRows | ImageFiles]:
    """(example_ids int64 (N,), images) of a data set's table of pixels.

    images: indexed like an array (N, H, W, C); they are read from the table, or decoded if they stay in their files,
    when they are asked for.
    Raises TableError if the table is damaged.
    """
    facts = read_provenance(path)
    if facts.get("storage") != IN_FILES:
        return open_pixels(path)
    example_ids = read_arrow(path, PIXELS, columns=["example_id"])["example_id"].to_numpy()
    files = read_table(Path(path).with_name("files.parquet"), FILES, columns=["file"])["file"]
    reading = Reading(**facts.get("reading", {}))
    return example_ids, ImageFiles(Path(path).parent / "images", files.tolist(), tuple(facts["shape"]), reading)


def take(images, rows):
    """The images at these positions, in the same form, reading and decoding nothing."""
    return images.select(rows) if isinstance(images, StoredRows | ImageFiles) else images[rows]


def stored_in(settings: Mapping, count: int, shape: Sequence[int], memory: int) -> str:
    """`memory` or `files`: as configured, else by whether the decoded images take more than `memory` bytes."""
    wanted = settings.get("storage", "auto")
    if wanted != "auto":
        return wanted
    return IN_FILES if count * math.prod(shape) > memory else "memory"


def content_digest(examples: pd.DataFrame) -> str:
    """One checksum of all image files (columns example_id and sha256), for tables that do not hold their pixels."""
    text = examples[["example_id", "sha256"]].to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()
