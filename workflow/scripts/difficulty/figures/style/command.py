"""What the command lines of all figure scripts have in common: the two files they write, and how."""

import argparse
import logging
import sys
from pathlib import Path

from matplotlib.figure import Figure

from difficulty.figures.style.saving import save_figure
from difficulty.stage import arguments, provenance

_SHOWN = 20


def figure_arguments(description: str) -> argparse.ArgumentParser:
    """A parser with a stage's options and the two outputs; the script adds its inputs."""
    parser = arguments(description)
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--pdf", type=Path, required=True)
    return parser


def write_figure(figure: Figure, args: argparse.Namespace) -> None:
    """Saves `figure` where the command line says, at the resolution `dpi` of the settings, with its provenance."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every glyph it leaves out
    facts = provenance(args, ("matplotlib", "numpy", "pandas"))
    if missing := save_figure(figure, (args.png, args.pdf), args.settings["dpi"], facts):
        _say_once(missing, args.png)


def _say_once(characters: str, figure: Path) -> None:
    """Says on the terminal what no font has, once for all figures of results/figures/, which lists what was said."""
    folder = next((parent for parent in figure.parents if parent.name == "figures"), figure.parent)
    said = folder / "characters-without-a-font.txt"
    known = said.read_text(encoding="utf-8") if said.exists() else ""
    if new := "".join(character for character in characters if character not in known):
        said.write_text(known + new, encoding="utf-8")
        line = f"no installed font has {new[:_SHOWN]}{'...' if len(new) > _SHOWN else ''}, so figures show boxes"
        print(f"{line}; install one that has, such as Noto Sans CJK", file=sys.stderr)
