"""The result of reading a source: a table of examples and a way to get each one's image.

A source is a module of this package, found by its name, with one function
`read(settings: dict) -> Source`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.intake import Intake

# An image as the source has it: its pixels, uint8 (H, W) or (H, W, 3); an encoded file; or a file on disk.
Image = np.ndarray | bytes | Path


@dataclass(frozen=True)
class Source:
    """A named source of images.

    examples: one row per example with the columns split, key, original_index, label, class_name, after them those of
        LABEL_SETS, where an image has several labels, and truth columns, if any; training examples first, otherwise in
        the source's order.
    image: gives the image of the row at a position of `examples`.
    notes: what the user should know of the data, one line each.
    intake: what the source found and left out.
    """

    examples: pd.DataFrame
    image: Callable[[int], Image]
    notes: tuple[str, ...] = ()
    intake: Intake = field(default_factory=Intake)
