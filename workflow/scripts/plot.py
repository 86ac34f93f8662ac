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
    wanted, module = f"difficulty.figures.{name}", None
    try:
        module = importlib.import_module(wanted)
    except ModuleNotFoundError as error:
        if not wanted.startswith(error.name):
            raise
    if not hasattr(module, "draw"):
        raise argparse.ArgumentTypeError(f"difficulty/figures/ has no figure {name!r}")
    return module


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Adds the inputs of the figure that the command line names, if it names one."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--figure", type=figure_module)
    figure = first.parse_known_args()[0].figure
    for name, files in figure.INPUTS.items() if figure else ():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, nargs=files, required=True)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--figure", required=True, help="name below difficulty/figures/, such as vog.errors")
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--pdf", type=Path, help="the same figure as a PDF")
    add_inputs(parser)
    run_stage(main, parser)
