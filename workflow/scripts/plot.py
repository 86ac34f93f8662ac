"""Draws the figure that --figure names, a module below difficulty/figures/, as a PNG and on request as a PDF."""

import argparse
import importlib
from pathlib import Path
from types import ModuleType

from difficulty.figures.style.saving import write_figure
from difficulty.stage import arguments, run_stage


def main(args):
    figure = figure_module(args.figure)
    inputs = argparse.Namespace(**{name: getattr(args, name) for name in figure.INPUTS})
    write_figure(figure.draw(inputs, args.settings), args)


def figure_module(name: str) -> ModuleType:
    """The module of a figure such as `vog.errors`; difficulty/figures/inputs.py says what it offers."""
    return importlib.import_module(f"difficulty.figures.{name}")


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs of the figure that the command line names, if it names one."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--figure")
    name = first.parse_known_args()[0].figure
    try:
        inputs = figure_module(name).INPUTS if name else {}
    except (ModuleNotFoundError, AttributeError) as error:
        if "difficulty.figures" not in str(error):
            raise
        parser.error(f"--figure: difficulty/figures/ has no figure {name!r}")
    for each, files in inputs.items():
        parser.add_argument(f"--{each.replace('_', '-')}", type=Path, nargs=files, required=True)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--figure", required=True, help="name below difficulty/figures/, such as vog.errors")
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--pdf", type=Path, help="the same figure as a PDF")
    add_inputs(parser)
    run_stage(main, parser)
