"""Figures as the page holds them: smaller pictures with their captions."""

import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from difficulty.atlas import figure_places
from difficulty.atlas.arrays import Arrays
from difficulty.atlas.captions import order_of, paragraphs, question_of
from difficulty.atlas.results import Results

_WIDEST = 1400  # pixels


def describe_figures(places: Iterable[str], results: Results, arrays: Arrays) -> list[dict]:
    """The figures' part of the page, each with the question that it answers, its title and its caption.

    places: below the folder of figures.
    """
    described = []
    for place in places:
        name, wildcards = figure_places.described(place)
        picture, width, height = _as_webp(results.figure(place))
        described.append(
            {
                "place": place,
                "title": f"{name.replace('_', ' ').capitalize()}: {' '.join(wildcards.values())}".removesuffix(": "),
                "experiment": wildcards.get("experiment"),
                "question": question_of(name),
                "caption": paragraphs(name, wildcards),
                "picture": arrays.picture(picture),
                "width": width,
                "height": height,
            }
        )
    return sorted(described, key=lambda figure: order_of(figure["question"]))


def _as_webp(path: Path) -> tuple[bytes, int, int]:
    """(a picture without loss, at most 1,400 pixels wide, its width, its height)."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if picture.width > _WIDEST:
        picture = picture.resize((_WIDEST, round(picture.height * _WIDEST / picture.width)), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "WEBP", lossless=True, quality=50, method=2)
    return stream.getvalue(), picture.width, picture.height
