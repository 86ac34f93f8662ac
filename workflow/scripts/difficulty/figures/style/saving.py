"""Writing figures: whole or not at all, and the same bytes for the same figure."""

import argparse
import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from difficulty.atomic_files import atomic_path
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.fonts import use_fonts_that_have_the_text
from difficulty.stage import provenance

_CREATOR = "difficulty"
_SHOWN = 20


def write_figure(figure: Figure, name: str, paths: Sequence[Path], args: argparse.Namespace) -> None:
    """Saves the figure `name` as files, a PNG first, with the provenance that the command line of plot.py gives.

    The settings say the resolution, `dpi`.
    """
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it names every glyph that it leaves out
    facts = provenance(args, ("matplotlib", "numpy", "pandas"), figure=name)
    if missing := save_figure(figure, paths, args.settings["dpi"], facts):
        _say_once(missing, paths[0])


def save_figure(figure: Figure, paths: Iterable, dpi: int, provenance: Mapping | None = None) -> str:
    """Writes `figure` to every path, in the format that its ending names (png or pdf).

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
    raise ValueError(f"{suffix or 'no ending'}: figures are written as .png or .pdf")


def _say_once(characters: str, figure: Path) -> None:
    """Says on the terminal what no font has, once for all figures of results/figures/, which lists what was said."""
    folder = next((parent for parent in figure.parents if parent.name == "figures"), figure.parent)
    said = folder / "characters-without-a-font.txt"
    known = said.read_text(encoding="utf-8") if said.exists() else ""
    if new := "".join(character for character in characters if character not in known):
        said.write_text(known + new, encoding="utf-8")
        line = f"no installed font has {new[:_SHOWN]}{'...' if len(new) > _SHOWN else ''}, so figures show boxes"
        print(f"{line}; install one that has, such as Noto Sans CJK", file=sys.stderr)
