"""How well each score finds the examples that are really hard, by the truth columns of their data sets."""

from argparse import Namespace

from matplotlib.figure import Figure

from difficulty.analysis.detection import DETECTION, DETECTION_CURVES, DETECTION_DIFFERENCES
from difficulty.figures.detection.curves import detection_figure
from difficulty.figures.inputs import ONE
from difficulty.tables import read_table

INPUTS = {"detection": ONE, "curves": ONE, "differences": ONE}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads what every score finds, and how far two scores differ in it."""
    table, curves = read_table(inputs.detection, DETECTION), read_table(inputs.curves, DETECTION_CURVES)
    differences = read_table(inputs.differences, DETECTION_DIFFERENCES)
    truths = ", ".join(sorted(set(table["truth"])))
    question = "finds the planted wrong labels" if truths == "is_corrupt" else f"finds what is hard by {truths}"
    held_out = " in held-out images" if set(table["role"]) == {"validation"} else ""
    title = f"{inputs.detection.stem}: which score {question}{held_out}?"
    return detection_figure(table, curves, title, differences=differences, families=settings["families"])
