"""Figures as the page holds them: smaller pictures with their captions."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image

from difficulty.atlas.arrays import Arrays
from difficulty.atlas.captions import paragraphs, question_of

_WIDEST = 1400  # pixels


def describe_figures(figures: Iterable[Mapping], paths: Iterable[Path], captions: Path, arrays: Arrays) -> list[dict]:
    """The figures' part of the page.

    figures: place, title, caption, experiment (None: it shows several) and wildcards of each. paths: their PNG files.
    captions: the folder of captions.
    """
    described = []
    for figure, path in zip(figures, paths, strict=True):
        picture, width, height = _as_webp(path)
        described.append(
            {
                "place": figure["place"],
                "title": figure["title"],
                "experiment": figure["experiment"],
                "question": question_of(figure["caption"]),
                "caption": paragraphs(captions / f"{figure['caption']}.rst", figure["wildcards"]),
                "picture": arrays.binary(picture),
                "width": width,
                "height": height,
            }
        )
    return described


def _as_webp(path: Path) -> tuple[bytes, int, int]:
    """(a picture without loss, at most 1,400 pixels wide, its width, its height)."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if picture.width > _WIDEST:
        picture = picture.resize((_WIDEST, round(picture.height * _WIDEST / picture.width)), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "WEBP", lossless=True, quality=50, method=2)
    return stream.getvalue(), picture.width, picture.height
