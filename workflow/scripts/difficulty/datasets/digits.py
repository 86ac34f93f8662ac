"""scikit-learn's 1,797 real 8x8 images of handwritten digits: small, embedded, no download.

Source: Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI repository.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from difficulty.datasets.source import Source

_TEST_EXAMPLES = 360
_LEVELS = 16  # the images have the integer values 0 to 16


def read(settings: dict) -> Source:
    """A fixed stratified split into 1,437 training and 360 test images, classes 0 to 9."""
    digits = load_digits()
    images = np.rint(digits.images * (255 / _LEVELS)).astype(np.uint8)
    positions = np.arange(len(images))
    train, test = train_test_split(positions, test_size=_TEST_EXAMPLES, stratify=digits.target, random_state=0)
    order = np.concatenate([np.sort(train), np.sort(test)])
    examples = pd.DataFrame(
        {
            "split": np.repeat(["train", "test"], [len(train), len(test)]),
            "key": [f"{position:04d}" for position in order],
            "original_index": order,
            "label": digits.target[order].astype(np.int64),
            "class_name": digits.target[order].astype(str),
        }
    )
    return Source(examples, lambda row: images[order[row]])
