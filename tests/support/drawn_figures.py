"""Figures as plot.py draws them, without a process of their own."""

import importlib
from argparse import Namespace

from matplotlib.figure import Figure


def drawn_figure(name: str, settings: dict | None = None, **inputs) -> Figure:
    """The figure that the module `name` below difficulty/figures/ draws of these inputs: paths, or lists of paths."""
    module = importlib.import_module(f"difficulty.figures.{name}")
    assert inputs.keys() == module.INPUTS.keys()
    return module.draw(Namespace(**inputs), settings or {})
