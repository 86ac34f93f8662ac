"""Statistics of the image alone that may make it hard (Pliushch et al. 2022, arXiv 2105.08997, section 5).

All but the segments are of the luma 0.2989 R + 0.5870 G + 0.1140 B of the image as it is, not normalised; of a grey
image, of its levels. The weights add up to 0.9999, so that white has the luma 0.9999. With 10,000 times the weights
luma is a whole number, and two pixels are alike exactly if it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
import PIL.Image
import pyarrow as pa
from scipy.fft import dctn
from scipy.ndimage import correlate1d
from skimage.segmentation import felzenszwalb

from difficulty.datasets.images import ImageFiles, take
from difficulty.datasets.stored_rows import StoredRows
from difficulty.scores.catalogue import Entry
from difficulty.scores.images import catalogue
from difficulty.scores.images.local_entropy import local_entropies, local_entropy
from difficulty.side_by_side import mapped
from difficulty.tables import Column

_WEIGHTS = np.array([2989, 5870, 1140], np.int32)  # of red, green and blue, in ten-thousandths
_PART_OF_NORM = 0.9998  # that the counted coefficients have
_PIXELS_AT_ONCE = 1 << 18


def _column(statistic: Entry) -> Column:
    source = " (Pliushch et al. 2022)" if statistic.direction else ""
    return Column(pa.float32(), statistic.description + source, statistic.nullable, statistic.direction)


STATISTICS = {name: _column(statistic) for name, statistic in catalogue.STATISTICS.items()}


@dataclass(frozen=True)
class _Batch:
    """images: uint8 (B, H, W, C), C 1 or 3."""

    images: np.ndarray

    @cached_property
    def keys(self) -> np.ndarray:
        """int32 (B, H, W), the same for pixels of the same luma: levels of grey, or 10,000 times those of luma."""
        grey = self.images.shape[3] == 1
        return self.images[..., 0].astype(np.int32) if grey else (self.images * _WEIGHTS).sum(axis=3, dtype=np.int32)

    @property
    def levels(self) -> np.ndarray:
        """int16 (B, H, W), luma in 8 bits; of two bytes, which are sorted faster than one or four."""
        grey = self.images.shape[3] == 1
        return (self.keys if grey else np.rint(self.keys / 10_000)).astype(np.int16)

    @cached_property
    def luma(self) -> np.ndarray:
        """float64 (B, H, W), 0 to 1."""
        return self.keys / (255 if self.images.shape[3] == 1 else 255 * 10_000)

    @property
    def coefficients(self) -> np.ndarray:
        """float64 (B, H, W), those of the orthonormal cosine transform of luma, that of the mean first."""
        return dctn(self.luma, axes=(1, 2), norm="ortho")

    @cached_property
    def energies(self) -> np.ndarray:
        """float64 (B, H W), squares of the coefficients."""
        return np.square(self.coefficients).reshape(len(self.images), -1)

    @property
    def edges(self) -> np.ndarray:
        """float64 (B, H, W), Scharr magnitude of luma at every pixel."""
        horizontal, vertical = (_scharr(self.luma, axis) for axis in (2, 1))
        return np.sqrt((np.square(horizontal) + np.square(vertical)) / 2)

    @cached_property
    def edge_strength(self) -> np.ndarray:
        """float64 (B,)."""
        return self.edges.sum(axis=(1, 2))


def _scharr(luma: np.ndarray, axis: int) -> np.ndarray:
    """Central difference along an axis, 1 or 2, of luma (B, H, W), smoothed along the other one; as scikit-image's."""
    smooth = correlate1d(luma, np.array([3, 10, 3]) / 16, axis=3 - axis)
    return correlate1d(smooth, np.array([1, 0, -1]), axis=axis)


def coefficients_needed(energies: np.ndarray) -> np.ndarray:
    """Percentage of the coefficients, less one of them, whose norm is 0.9998 of that of all.

    energies: (B, F), squared coefficients. Returns float64 (B,); NaN where all are 0.
    """
    needed, total = _needed(energies)
    return np.where(total > 0, 100 * needed / energies.shape[1], np.nan)


def kept_coefficients(energies: np.ndarray) -> np.ndarray:
    """Which coefficients those are, and the one that `coefficients_needed` does not count; none where all are 0.

    energies: (B, F), squared coefficients. Returns bool (B, F).
    """
    needed, _ = _needed(energies)
    order = np.argsort(-energies, axis=1, kind="stable")
    ranks = np.argsort(order, axis=1, kind="stable")
    return (ranks <= needed[:, None]) & (energies > 0)


def _needed(energies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the largest coefficients with 0.9998 of the norm of all, their number less one (B,); sum of all energies."""
    summed = np.sort(energies, axis=1)[:, ::-1].cumsum(axis=1)
    return np.argmax(np.sqrt(summed) >= _PART_OF_NORM * np.sqrt(summed[:, -1:]), axis=1), summed[:, -1]


def _dct_coefficients_ac(batch: _Batch) -> np.ndarray:
    """A plain image has no coefficients but that of its mean; its rounding errors are none."""
    plain = np.ptp(batch.keys, axis=(1, 2)) == 0
    return np.where(plain, np.nan, coefficients_needed(np.pad(batch.energies[:, 1:], ((0, 0), (1, 0)))))


def _segmented(image: np.ndarray) -> np.ndarray:
    """int64 (H, W), the number of each pixel's segment, from 0. image: uint8 (H, W, C)."""
    return felzenszwalb(image, scale=500, sigma=0.5, min_size=20)


def _segments(batch: _Batch) -> np.ndarray:
    return np.array([_segmented(image).max() + 1 for image in batch.images])


def _sharpness(batch: _Batch) -> np.ndarray:
    return sum(correlate1d(batch.luma, np.array([1, -2, 1]), axis=axis) for axis in (1, 2)).var(axis=(1, 2))


_MEASURES: Mapping[str, Callable[[_Batch], np.ndarray]] = {
    "local_entropy": lambda batch: local_entropy(batch.keys),
    "local_entropy_u8": lambda batch: local_entropy(batch.levels),
    "dct_coefficients": lambda batch: coefficients_needed(batch.energies),
    "dct_coefficients_ac": _dct_coefficients_ac,
    "segments": _segments,
    "edge_strength": lambda batch: batch.edge_strength,
    "edge_strength_per_pixel": lambda batch: batch.edge_strength / batch.luma[0].size,
    "brightness": lambda batch: batch.luma.mean(axis=(1, 2)),
    "contrast": lambda batch: batch.luma.std(axis=(1, 2)),
    "sharpness": _sharpness,
}


def _coefficient_map(batch: _Batch) -> np.ndarray:
    kept = kept_coefficients(batch.energies).reshape(batch.luma.shape)
    return np.where(kept, np.abs(batch.coefficients), np.nan)[0]


# Where in a batch of one image a statistic comes from.
_MAPS: Mapping[str, Callable[[_Batch], np.ndarray]] = {
    "local_entropy": lambda batch: local_entropies(batch.keys[0]),
    "segments": lambda batch: _segmented(batch.images[0]),
    "edge_strength": lambda batch: batch.edges[0],
    "dct_coefficients": _coefficient_map,
}


def image_maps(image: np.ndarray, statistics: Sequence[str] = tuple(_MAPS)) -> dict[str, np.ndarray]:
    """Where in one image, as `image_statistics` takes it, its statistics come from.

    Of local_entropy, the entropy of every window, float64 (windows down, windows across), whose mean it is; of
    segments, the number of each pixel's segment, int64 (H, W); of edge_strength, the Scharr magnitude of every pixel,
    float64 (H, W), whose sum it is; of dct_coefficients, the size of every coefficient that has a part in 0.9998 of
    the norm, float64 (H, W), NaN for the others, that of the mean at [0, 0], higher frequencies downwards and to the
    right.
    Raises ValueError if it is no such image.
    """
    batch = _Batch(_checked(_as_batch(image)))
    return {name: _MAPS[name](batch) for name in statistics}


def image_statistics(image: np.ndarray, statistics: Sequence[str] = tuple(STATISTICS)) -> dict[str, float]:
    """The wanted STATISTICS of one image, uint8 (H, W, 3), or grey (H, W, 1) or (H, W); NaN where undefined.

    Raises ValueError if it is none of these.
    """
    return {name: float(values[0]) for name, values in _statistics(_as_batch(image), statistics).items()}


def _as_batch(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    return image[None, :, :, None] if image.ndim == 2 else image[None]


def image_statistics_table(
    images: np.ndarray | StoredRows | ImageFiles,
    processes: int = 1,
    statistics: Sequence[str] = tuple(STATISTICS),
    size: int | None = None,
) -> pd.DataFrame:
    """The wanted STATISTICS of many images, a row each, float64; NaN where undefined. See `statistics_in_parts`."""
    none = pd.DataFrame(columns=list(statistics), dtype=float)
    return pd.concat([*statistics_in_parts(images, processes, statistics, size)] or [none], ignore_index=True)


def statistics_in_parts(
    images: np.ndarray | StoredRows | ImageFiles,
    processes: int = 1,
    statistics: Sequence[str] = tuple(STATISTICS),
    size: int | None = None,
    first: int = 0,
) -> Iterator[pd.DataFrame]:
    """The wanted STATISTICS of many images, a row each, float64, some images at a time; NaN where undefined.

    images: uint8 (N, H, W, C), C 1 or 3, or the same in a table or in files, of which few are read at a time.
    processes: how many work side by side (see `mapped`); the result is the same, bit by bit.
    size: images with a longer side are shrunk so that it has so many pixels; None: none is. first: where to begin.
    Raises ValueError for arrays of another kind; UserError naming a file that cannot be decoded.
    """
    count, height, width, _ = images.shape
    each = max(1, _PIXELS_AT_ONCE // (height * width))
    parts = (_part(images, slice(start, start + each)) for start in range(first, count, each))
    of_part = partial(_part_statistics, statistics=tuple(statistics), size=size)
    yield from mapped(of_part, parts, min(processes, -(-(count - first) // each)))


def _part(images: np.ndarray | StoredRows | ImageFiles, rows: slice) -> np.ndarray | ImageFiles:
    """Some images, which whoever gets them decodes if they are files: a table has one reader, a file any number."""
    return take(images, rows) if isinstance(images, ImageFiles) else images[rows]


def _part_statistics(images: np.ndarray | ImageFiles, statistics: Sequence[str], size: int | None) -> pd.DataFrame:
    return pd.DataFrame(_statistics(shrunk(images[:], size), statistics))


def _statistics(images: np.ndarray, statistics: Sequence[str]) -> dict[str, np.ndarray]:
    """Name -> float64 (B,) of images, uint8 (B, H, W, C)."""
    batch = _Batch(_checked(images))
    return {name: np.asarray(_MEASURES[name](batch), np.float64) for name in statistics}


def _checked(images: np.ndarray) -> np.ndarray:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        raise ValueError(f"images are uint8 (height, width, 1 or 3), not {images.dtype} {images.shape[1:]}")
    return images


def shrunk(images: np.ndarray, size: int | None) -> np.ndarray:
    """Images, uint8 (B, H, W, C), whose longer side has at most `size` pixels; None: as they are.

    Larger ones are shrunk by Pillow's bilinear filter, which averages over all pixels that become one.
    """
    _, height, width, channels = images.shape
    if (shape := shrunk_size(height, width, size)) == (height, width):
        return images
    shaped = images[..., 0] if channels == 1 else images
    small = [PIL.Image.fromarray(one).resize(shape[::-1], PIL.Image.Resampling.BILINEAR) for one in shaped]
    return np.stack([np.asarray(one) for one in small]).reshape(len(images), *shape, channels)


def shrunk_size(height: int, width: int, size: int | None) -> tuple[int, int]:
    """Height and width that `shrunk` gives."""
    if size is None or max(height, width) <= size:
        return height, width
    height, width = (max(1, round(side * size / max(height, width))) for side in (height, width))
    return height, width
