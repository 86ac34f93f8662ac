"""Settings of a first training that fit the number, the size and the kind of the images.

They were tried on 120 photographs with planted wrong labels (docs/findings.md): a thousand gradient steps teach a
network the wrong labels by heart; after a few hundred with strong crops it is right on most unseen photographs, and
nearly half of the wrong labels are not learned.
"""

import math
from dataclasses import dataclass

from difficulty.first_look.survey import Survey

SEEDS, FOLDS = 2, 4
_EPOCHS, _FEWEST_EPOCHS, _STEPS = 30, 20, 4000  # few for large data: after so many steps, 20 epochs are enough
_RATES = (0.05, 0.2)  # learning rates: the smallest, and that of batches of 128, from which it falls with their size
_SIZES = (32, 48, 64)  # pixels; more were not tried with a network this small
_CPU_SECONDS = 600  # of all networks, on one core: larger images are taken as long as that lasts
_SECONDS_PER_IMAGE = 0.0045  # of 64 x 64 pixels, in one epoch of training and recording resnet9 of width 16
_SMALLEST_CROPPED = 48  # pixels; of smaller images too little is left
_OWN_SIZE = 64  # images that are all of one shape up to this are taken as they are


@dataclass(frozen=True)
class Fitted:
    """size: pixels, None where the images keep theirs. color: rgb or grey. augmentation: of photographs or of others.

    steps: gradient steps of a network. cpu_seconds: of all networks, on one core, roughly.
    """

    size: int | None
    color: str
    batch_size: int
    epochs: int
    learning_rate: float
    augmentation: dict
    steps: int
    cpu_seconds: float


def fitted(survey: Survey) -> Fitted:
    """Settings for the images that were found."""
    trained = survey.count("train")
    batch = batch_size(trained)
    steps = math.ceil(trained / batch)
    epochs = _EPOCHS if steps * _EPOCHS <= _STEPS else _FEWEST_EPOCHS
    size = _size(survey, trained * epochs)
    side = size or int(survey.shorter_sides().min())
    rate = max(round(_RATES[1] * batch / 128, 2), _RATES[0])
    color = "grey" if survey.is_grey() else "rgb"
    seconds = _seconds(trained * epochs, side)
    return Fitted(size, color, batch, epochs, rate, _augmentation(color, side), steps * epochs, seconds)


def batch_size(trained: int) -> int:
    """At most an eighth of the training images; 32 of up to 2,048 of them, 128 of 8,192 and more; two at least."""
    return max(min(trained // 8, max(trained // 64, 32), 128), 2)


def _augmentation(color: str, side: int) -> dict:
    """Strong crops and mirroring of images in colour; others, which may be letters, are only shifted."""
    if color == "rgb" and side >= _SMALLEST_CROPPED:
        return {"crop": None, "resized_crop": {"scale": [0.3, 1.0]}, "flip": True}
    return {"crop": side // 16 or None, "flip": color == "rgb"}


def _size(survey: Survey, image_passes: int) -> int | None:
    """The largest size that the images have and the time allows; None for small images of one square shape."""
    sides = survey.shorter_sides()
    shapes = survey.examples[["width", "height"]].dropna().drop_duplicates()
    if len(shapes) == 1 and shapes["width"].iloc[0] == shapes["height"].iloc[0] <= _OWN_SIZE:
        return None
    possible = [size for size in _SIZES if size <= sides.median()]
    affordable = [size for size in possible if _seconds(image_passes, size) <= _CPU_SECONDS]
    return max(affordable, default=_SIZES[0])


def _seconds(image_passes: int, side: int) -> float:
    return SEEDS * (FOLDS - 1) * image_passes * _SECONDS_PER_IMAGE * (side / 64) ** 2
