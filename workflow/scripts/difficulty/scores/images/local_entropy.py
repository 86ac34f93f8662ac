"""Local entropy: how many different values there are around each place of an image."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

WINDOW = 10  # side in pixels
_VALUES_AT_ONCE = 1 << 18  # of all windows that are sorted together, so that they stay in the processor's cache


def local_entropy(keys: np.ndarray) -> np.ndarray:
    """Mean Shannon entropy in bits of the exact values in every window of 10 x 10 pixels.

    keys: integers (B, H, W). Windows lie wholly within the image, one at every place; an image side below 10 pixels
    shortens the window to it.
    Returns float64 (B,), from 0 to log2(100): sum of -p log2 p over the values of a window, averaged over windows.
    """
    _, height, width = keys.shape
    window = min(WINDOW, height), min(WINDOW, width)
    area, windows = window[0] * window[1], (height - window[0] + 1) * (width - window[1] + 1)
    times = np.arange(1, area + 1)
    information = times / area * np.log2(area / times)  # what a value gives that occurs so many times
    return (occurrences(keys, window)[:, 1:] * information).sum(axis=1) / windows


def local_entropies(keys: np.ndarray) -> np.ndarray:
    """The entropy in bits of every window of one image, whose mean is `local_entropy`: that of the window by itself.

    keys: integers (H, W). Returns float64 (windows down, windows across), by the windows' upper left corners.
    """
    window = min(WINDOW, keys.shape[0]), min(WINDOW, keys.shape[1])
    return np.stack([local_entropy(of_row) for of_row in sliding_window_view(keys, window)])


def occurrences(keys: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """How many values occur n times in a window, summed over all windows of an image.

    keys: integers (B, H, W). window: height and width. Returns int64 (B, area of the window + 1), by n.
    """
    images, height, width = keys.shape
    area = window[0] * window[1]
    rows, columns = height - window[0] + 1, width - window[1] + 1
    rows_at_once = max(1, min(rows, _VALUES_AT_ONCE // (columns * area)))
    images_at_once = max(1, _VALUES_AT_ONCE // (rows_at_once * columns * area))
    counts = np.zeros((images, area + 1), np.int64)
    for first in range(0, images, images_at_once):
        block = slice(first, first + images_at_once)
        for row in range(0, rows, rows_at_once):
            band = keys[block, row : row + rows_at_once + window[0] - 1]
            counts[block] += _occurrences(sliding_window_view(band, window, axis=(1, 2)), area)
    return counts


def _occurrences(windows: np.ndarray, area: int) -> np.ndarray:
    """int64 (B, area + 1) of windows (B, ...) with `area` values each, of which equal ones lie together once sorted."""
    values = windows.copy().reshape(len(windows), -1, area)
    values.sort(axis=-1)
    like_next = np.zeros((*values.shape[:2], area + 1), bool)  # the first and the last are never
    np.equal(values[..., 1:], values[..., :-1], out=like_next[..., 1:-1])
    ends = np.flatnonzero(like_next.ravel()[1:] != like_next.ravel()[:-1])  # of runs of equal values, first and last
    image = ends[::2] // like_next[0].size
    times = ends[1::2] - ends[::2] + 1
    counts = np.bincount(image * (area + 1) + times, minlength=len(values) * (area + 1)).reshape(len(values), area + 1)
    counts[:, 1] = values[0].size - counts @ np.arange(area + 1)
    return counts
