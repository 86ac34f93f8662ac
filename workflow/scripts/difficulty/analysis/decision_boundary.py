"""Where a function of the plane is zero, and how far points are from there."""

import numpy as np

_BYTES_AT_ONCE = 64 << 20


def surrounding_axes(points: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Evenly spaced coordinates (steps,) along both axes, of a grid that reaches beyond points (N, 2) on every side.

    It goes further by the diagonal of the points' bounding box: if anything of a curve lies within that box, no point
    has a nearer part of it beyond the grid.
    """
    low, high = points.min(0), points.max(0)
    margin = np.linalg.norm(high - low)
    return tuple(np.linspace(low[axis] - margin, high[axis] + margin, steps) for axis in (0, 1))


def zero_segments(x0: np.ndarray, x1: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Straight pieces of the curve where a function is zero, float64 (S, 2 ends, 2 coordinates).

    x0: (A,), x1: (B,), the axes of a grid. values: (A, B), the function on it. Each cell is halved into two triangles
    and the function taken as linear on each; so the pieces of a function that is linear there are exact, and nowhere
    is more than a cell's size amiss. Values of exactly zero count as negative.
    """
    corners = np.stack(np.broadcast_arrays(x0[:, None], x1[None, :], values), -1).astype(np.float64)
    here, right, above = corners[:-1, :-1], corners[1:, :-1], corners[:-1, 1:]
    across = corners[1:, 1:]
    is_cut = [_is_cut(here, right, across), _is_cut(here, above, across)]
    triangles = np.concatenate(
        [
            np.stack([here[is_cut[0]], right[is_cut[0]], across[is_cut[0]]], 1),
            np.stack([here[is_cut[1]], above[is_cut[1]], across[is_cut[1]]], 1),
        ]
    )
    positive = triangles[:, :, 2] > 0
    # One corner has another sign than both others: the curve cuts the two edges that lead to it.
    lone = np.where(positive.sum(1) == 1, positive.argmax(1), (~positive).argmax(1))
    rows = np.arange(len(triangles))
    apex = triangles[rows, lone]
    ends = []
    for other in (1, 2):
        foot = triangles[rows, (lone + other) % 3]
        share = apex[:, 2] / (apex[:, 2] - foot[:, 2])
        ends.append(apex[:, :2] + share[:, None] * (foot[:, :2] - apex[:, :2]))
    return np.stack(ends, 1)


def distance_to_segments(points: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Euclidean distance of each point to the nearest of some segments, float64 (N,); NaN if there is none.

    points: (N, 2). segments: (S, 2, 2), of which some may have no length.
    """
    points = np.asarray(points, np.float64)
    if not len(segments):
        return np.full(len(points), np.nan)
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    squares = (along**2).sum(1)
    together = max(1, _BYTES_AT_ONCE // (16 * len(segments)))
    nearest = []
    for first in range(0, len(points), together):
        offset = points[first : first + together, None] - start
        share = np.divide((offset * along).sum(2), squares, out=np.zeros(offset.shape[:2]), where=squares > 0)
        gap = offset - np.clip(share, 0, 1)[..., None] * along
        nearest.append(np.sqrt((gap**2).sum(2)).min(1))
    return np.concatenate(nearest)


def _is_cut(*corners: np.ndarray) -> np.ndarray:
    """Whether the third coordinate of three corners, each (..., 3), has both signs."""
    positive = sum((corner[..., 2] > 0).astype(np.int8) for corner in corners)
    return (positive > 0) & (positive < 3)
