"""Writing figures: whole or not at all, and the same bytes for the same figure."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from difficulty.figures.style.appearance import styled
from difficulty.figures.style.fonts import use_fonts_that_have_the_text
from difficulty.tables import atomic_path

_CREATOR = "difficulty"


def save_figure(figure: Figure, paths: Iterable, dpi: int, provenance: Mapping | None = None) -> str:
    """Writes `figure` to every path, in the format that its ending names (png, pdf or svg).

    dpi: resolution of png files, and of what is rasterised in the others.
    provenance: JSON-able facts of how the figure was made, kept in the file's own metadata.
    No time, host or version of a drawing library is stored: the same figure gives the same bytes.
    Returns the characters of its text that no installed font has.
    """
    facts = json.dumps(provenance or {}, sort_keys=True)
    with styled():
        missing = use_fonts_that_have_the_text(figure)
        _fix_layout(figure, dpi)
        for path in map(Path, paths):
            with atomic_path(path) as temporary:
                figure.savefig(temporary, dpi=dpi, metadata=_metadata(path.suffix, facts))
    return missing


def _fix_layout(figure: Figure, dpi: int) -> None:
    """Lays the figure out once and for all, as every file would otherwise do it again, and a little differently."""
    if figure.get_layout_engine() is not None:
        figure.set_dpi(dpi)
        figure.draw_without_rendering()
        figure.set_layout_engine(None)


def _metadata(suffix: str, facts: str) -> dict:
    if suffix == ".png":
        return {"Software": _CREATOR, "Description": facts}
    if suffix == ".pdf":
        return {"Creator": _CREATOR, "Producer": _CREATOR, "CreationDate": None, "Keywords": facts}
    if suffix == ".svg":
        return {"Creator": _CREATOR, "Date": None, "Description": facts}
    raise ValueError(f"{suffix or 'no ending'}: figures are written as .png, .pdf or .svg")
