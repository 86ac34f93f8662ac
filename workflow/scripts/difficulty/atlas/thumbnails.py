"""Small pictures of all images of a data set: sheets of equal tiles, each sheet one WebP picture."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from difficulty.table_parts import table_writer
from difficulty.tables import Column, Schema

THUMBNAILS = Schema(
    "thumbnails",
    {
        "sheet": Column(pa.int64(), "number of the sheet; its tiles are images in the order of the examples"),
        "image": Column(pa.binary(), "WebP picture, tiles row by row; the provenance has their size"),
    },
    key=("sheet",),
)

_QUALITY = 60
_BYTES_PER_PIXEL = 0.24  # of photographs at this quality
_BUDGET = 14 << 20  # bytes of all sheets of a data set that is shown in one file
_SHORTEST = 32  # pixels of the longer side that a tile has at least, if its image has as many
_SHEET_SIDE = 512  # pixels; a browser decodes a sheet as a whole
_BYTES_PER_ROW_GROUP = 64 << 20
_LOSSLESS_UP_TO = 24  # pixels of a tile's longer side: drawings of so few suffer from compression


@dataclass(frozen=True)
class Tiles:
    """Sizes in pixels, and how many tiles a sheet has in a row and altogether."""

    width: int
    height: int
    per_row: int
    per_sheet: int


def tiles_for(count: int, height: int, width: int) -> Tiles:
    """The tiles of `count` images of a size: as large as the images, or so small that all sheets fit a budget.

    Tiles keep the proportions of the images and never shrink below 32 pixels.
    """
    longest = max(height, width)
    affordable = sqrt(_BUDGET / (_BYTES_PER_PIXEL * max(count, 1)))  # side of a square
    scale = min(1.0, max(affordable / sqrt(height * width), _SHORTEST / longest))
    tile_width, tile_height = (max(1, round(side * scale)) for side in (width, height))
    across, down = max(_SHEET_SIDE // tile_width, 1), max(_SHEET_SIDE // tile_height, 1)
    return Tiles(tile_width, tile_height, across, across * down)


def are_smaller(tiles: Tiles, folder: Path) -> bool:
    """Whether tiles are smaller than the image files in a folder, by the first twenty of these."""
    for path in islice((path for path in folder.rglob("*") if path.is_file()), 20):
        try:
            with Image.open(path) as picture:
                if picture.width > tiles.width or picture.height > tiles.height:
                    return True
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
    return False


def sheets(images, tiles: Tiles) -> Iterator[bytes]:
    """The sheets of images, uint8 (N, H, W, C) with C of 1 or 3, or anything that gives such slices."""
    for start in range(0, len(images), tiles.per_sheet):
        yield _as_webp(_sheet(images[start : start + tiles.per_sheet], tiles), tiles)


def write_sheets(path, pictures: Iterable[bytes], provenance: dict) -> tuple[int, int]:
    """Writes sheets, of which no more than a row group's are in memory; returns their number and their bytes."""
    count = size = 0
    with table_writer(path, THUMBNAILS, provenance, compression="none") as write:
        for group in _groups(pictures):
            write({"sheet": np.arange(count, count + len(group)), "image": pa.array(group, pa.binary())})
            count, size = count + len(group), size + sum(map(len, group))
    return count, size


def _groups(pictures: Iterable[bytes]) -> Iterator[list[bytes]]:
    group, size = [], 0
    for picture in pictures:
        group.append(picture)
        size += len(picture)
        if size >= _BYTES_PER_ROW_GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def _sheet(images: np.ndarray, tiles: Tiles) -> np.ndarray:
    """uint8 (H, W, 3), white where the last row has no tiles."""
    rows = ceil(len(images) / tiles.per_row)
    columns = min(len(images), tiles.per_row)
    canvas = np.full((rows * tiles.height, columns * tiles.width, 3), 255, np.uint8)
    for place, image in enumerate(images):
        top, left = place // tiles.per_row * tiles.height, place % tiles.per_row * tiles.width
        canvas[top : top + tiles.height, left : left + tiles.width] = _tile(image, tiles)
    return canvas


def _tile(image: np.ndarray, tiles: Tiles) -> np.ndarray:
    """An image (H, W, C) in the size of a tile; broadcasts over the three channels if it is grey."""
    if image.shape[:2] == (tiles.height, tiles.width):
        return image
    picture = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
    return np.asarray(picture.resize((tiles.width, tiles.height), Image.Resampling.BOX)).reshape(
        tiles.height, tiles.width, image.shape[-1]
    )


def _as_webp(canvas: np.ndarray, tiles: Tiles) -> bytes:
    lossless = max(tiles.width, tiles.height) <= _LOSSLESS_UP_TO
    stream = io.BytesIO()
    Image.fromarray(canvas).save(stream, "WEBP", quality=_QUALITY, lossless=lossless, method=4)
    return stream.getvalue()
