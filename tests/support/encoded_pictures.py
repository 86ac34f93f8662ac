"""Pictures of noise in the formats of files, and how they are read."""

import io

import numpy as np
import PIL.Image

from difficulty.datasets.decoding import Reading, converted, opened

DRAWS = np.random.default_rng(0)
COLORS = DRAWS.integers(0, 256, (7, 9, 3), dtype=np.uint8)
ALPHA = DRAWS.integers(0, 256, (7, 9), dtype=np.uint8)


def encoded(picture, format="PNG", **options):
    buffer = io.BytesIO()
    (picture if isinstance(picture, PIL.Image.Image) else PIL.Image.fromarray(picture)).save(buffer, format, **options)
    return buffer.getvalue()


def read(data, **reading):
    return np.asarray(converted(opened(data), Reading(**reading)))
