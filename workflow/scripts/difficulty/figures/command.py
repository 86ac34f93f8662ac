"""What the command lines of all figure scripts have in common: the two files they write, and how."""

import argparse
import logging
from pathlib import Path

from matplotlib.figure import Figure

from difficulty.figures.saving import save_figure
from difficulty.stage import arguments, provenance


def figure_arguments(description: str) -> argparse.ArgumentParser:
    """A parser with a stage's options and the two outputs; the script adds its inputs."""
    parser = arguments(description)
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--pdf", type=Path, required=True)
    return parser


def write_figure(figure: Figure, args: argparse.Namespace) -> None:
    """Saves `figure` where the command line says, at the resolution `dpi` of the settings, with its provenance."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every glyph it leaves out
    save_figure(figure, (args.png, args.pdf), args.settings["dpi"], provenance(args, ("matplotlib", "numpy", "pandas")))
