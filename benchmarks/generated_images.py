"""Image files for benchmarks: random smooth colours with a texture whose strength varies, so that some are harder."""

from pathlib import Path

import numpy as np
import PIL.Image

_CLASSES, _CELLS = 10, 8  # of random colours along each side
_TESTED = 6  # one image of so many is a test image


def write_images(folder: Path, count: int, width: int, height: int, kind: str, trained: int | None = None) -> None:
    """Writes {train,test}/{class}/{number}.{kind} below `folder`; kind: png or jpg (of quality 90).

    The colours of 8 x 8 cells, drawn around one of the image's class, are enlarged (bicubic), and noise is added. The
    first `trained` are training images, and five of six in each class where it is None.
    """
    draws = np.random.default_rng(0)
    middles = draws.uniform(60, 196, (_CLASSES, 3))
    for number in range(count):
        label = number % _CLASSES
        cells = (middles[label] + draws.normal(0, 40, (_CELLS, _CELLS, 3))).clip(0, 255).astype(np.uint8)
        picture = PIL.Image.fromarray(cells).resize((width, height), PIL.Image.Resampling.BICUBIC)
        noise = draws.integers(-1, 2, (height, width, 1), np.int8).astype(np.int16) * draws.integers(1, 25)
        pixels = (np.asarray(picture, np.int16) + noise).clip(0, 255).astype(np.uint8)
        is_test = number // _CLASSES % _TESTED == 0 if trained is None else number >= trained
        path = folder / ("test" if is_test else "train") / f"{label}" / f"{number:07d}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(pixels).save(path, quality=90) if kind == "jpg" else PIL.Image.fromarray(pixels).save(path)
