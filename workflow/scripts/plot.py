"""Draws the figures that --figures names, modules below difficulty/figures/, as PNG and on request as PDF."""

import argparse
import importlib
from pathlib import Path
from types import ModuleType

from difficulty.figures.style.saving import write_figure
from difficulty.stage import arguments, run_stage


def main(args):
    for name, *paths in zip(args.figures, args.png, *([args.pdf] if args.pdf else []), strict=True):
        figure = figure_module(name)
        inputs = argparse.Namespace(**{each: getattr(args, each) for each in figure.INPUTS})
        write_figure(figure.draw(inputs, args.settings), name, paths, args)


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
    """Adds the inputs of the figures that the command line names; those that have one name are the same files."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--figures", nargs="+", type=figure_module, default=[])
    named = first.parse_known_args()[0].figures
    inputs = {name: files for figure in named for name, files in figure.INPUTS.items()}
    for name, files in inputs.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, nargs=files, required=True)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--figures", nargs="+", required=True, help="names below difficulty/figures/, as vog.errors")
    parser.add_argument("--png", nargs="+", type=Path, required=True, help="a file for each figure")
    parser.add_argument("--pdf", nargs="+", type=Path, help="the same figures as PDF")
    add_inputs(parser)
    run_stage(main, parser)
