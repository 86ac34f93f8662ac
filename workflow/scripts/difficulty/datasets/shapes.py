"""Generated images of six shapes of which everything that makes them hard is known.

Circles and ellipses, squares and rectangles look alike where the ratio of their axes is near 1; small and dim shapes
drown in noise. No data set is published that this repeats; the heart is the curve (16 sin^3 t, 13 cos t - 5 cos 2t
- 2 cos 3t - cos 4t), Weisstein, "Heart Curve", MathWorld.
"""

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.source import Source
from difficulty.random_streams import derived_seed

SHAPES = ("circle", "square", "rectangle", "right_triangle", "heart", "ellipse")
SIDE = 32  # pixels
_OVERSAMPLING = 4
_CORNERS_OF_A_CURVE = 128
_RADIUS = (4, 13)  # of the circle around the shape, in pixels
_AXIS_RATIO = {"rectangle": (0.3, 0.75), "ellipse": (0.35, 0.8)}
_INTENSITY = (0.5, 1)
_NOISE = 0.1  # standard deviation; black is 0, white is 1


def read(settings: dict) -> Source:
    """settings: train, test (numbers of images), seed.

    An image depends on the seed, its split and its position there, on nothing else: more images leave the first ones
    as they are. Each six images in a row are one of each class, in a random order. The columns radius, axis_ratio
    (shorter over longer; 1 for circle and square, null where a shape has no axes), rotation (degrees), center_x,
    center_y (pixels from the left and from the top), intensity and noise (root mean square of the noise that was
    added, before clipping) tell how it was made.
    """
    made = [
        (split, position, *_make(settings["seed"], split, position))
        for split in SPLITS
        for position in range(settings[split])
    ]
    labels = [label for _, _, label, _, _ in made]
    examples = pd.DataFrame(
        {
            "split": [split for split, *_ in made],
            "key": [f"{position:07d}" for _, position, *_ in made],
            "original_index": [position for _, position, *_ in made],
            "label": labels,
            "class_name": [SHAPES[label] for label in labels],
        }
    )
    truth = pd.DataFrame([parameters for *_, parameters, _ in made], dtype=np.float64)
    images = [image for *_, image in made]
    return Source(pd.concat([examples, truth], axis=1), lambda row: images[row])


def outline(shape: str, axis_ratio: float) -> np.ndarray:
    """Corners, float64 (P, 2) as (x, y), of a shape whose farthest point is at distance 1 from the origin.

    The axes of an ellipse and the sides of a rectangle are as `axis_ratio` to 1; other shapes ignore it. The right
    triangle has sides as 3, 4 and 5 and stands with its longest one through the origin.
    """
    angle = np.arange(_CORNERS_OF_A_CURVE) * (2 * np.pi / _CORNERS_OF_A_CURVE)
    if shape in ("circle", "ellipse"):
        return np.stack([np.cos(angle), np.sin(angle) * (axis_ratio if shape == "ellipse" else 1)], axis=1)
    if shape in ("square", "rectangle"):
        corner = np.array([1, axis_ratio if shape == "rectangle" else 1])
        return np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * corner / np.linalg.norm(corner)
    if shape == "right_triangle":
        return np.array([[-1, 0], [1, 0], [-0.28, 0.96]])
    x = 16 * np.sin(angle) ** 3
    y = 13 * np.cos(angle) - 5 * np.cos(2 * angle) - 2 * np.cos(3 * angle) - np.cos(4 * angle)
    corners = np.stack([x, (y.max() + y.min()) / 2 - y], axis=1)  # y points downwards in images
    return corners / np.linalg.norm(corners, axis=1).max()


def coverage(shape: str, radius: float, axis_ratio: float, rotation: float, center: tuple[float, float]) -> np.ndarray:
    """Share of each pixel that the shape covers, float64 (32, 32), of 4 x 4 points per pixel.

    radius, center (x, y): in pixels from the upper left corner; rotation: degrees, clockwise.
    """
    turn = np.deg2rad(rotation)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = outline(shape, axis_ratio) @ matrix * radius + center
    points = _inside(corners * _OVERSAMPLING, SIDE * _OVERSAMPLING)
    return points.reshape(SIDE, _OVERSAMPLING, SIDE, _OVERSAMPLING).mean((1, 3))


def _inside(corners: np.ndarray, side: int) -> np.ndarray:
    """Which centres of side x side pixels are inside a polygon, bool; those with an odd number of edges to the left."""
    (x0, y0), (x1, y1) = corners.T, np.roll(corners, -1, axis=0).T
    rows = np.arange(side)[:, None] + 0.5
    row, edge = np.nonzero((y0 <= rows) != (y1 <= rows))
    crossing = x0[edge] + (row + 0.5 - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
    column = np.clip(np.ceil(crossing - 0.5), 0, side).astype(int)  # the first centre to the right of the crossing
    edges = np.bincount(row * (side + 1) + column, minlength=side * (side + 1)).reshape(side, side + 1)
    return edges.cumsum(axis=1)[:, :side] % 2 == 1


def _make(seed: int, split: str, position: int) -> tuple[int, dict[str, float], np.ndarray]:
    """Class, parameters and image, uint8 (32, 32)."""
    block, place = divmod(position, len(SHAPES))
    order = np.random.default_rng(derived_seed(seed, "shapes", split, "classes", block)).permutation(len(SHAPES))
    label = int(order[place])
    shape = SHAPES[label]
    random = np.random.default_rng(derived_seed(seed, "shapes", split, "image", position))
    radius = random.uniform(*_RADIUS)
    ratio = random.uniform(*_AXIS_RATIO.get(shape, (1, 1)))
    rotation = random.uniform(0, 360)
    center = random.uniform(radius, SIDE - radius, 2)
    intensity = random.uniform(*_INTENSITY)
    noise = random.normal(0, _NOISE, (SIDE, SIDE))
    image = coverage(shape, radius, ratio, rotation, center) * intensity + noise
    parameters = {
        "radius": radius,
        "axis_ratio": np.nan if shape in ("right_triangle", "heart") else ratio,
        "rotation": rotation,
        "center_x": center[0],
        "center_y": center[1],
        "intensity": intensity,
        "noise": np.sqrt((noise**2).mean()),
    }
    return label, parameters, np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
