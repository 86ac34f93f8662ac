"""How well each score tells images of another data set from an experiment's own test images."""

from argparse import Namespace

from matplotlib.figure import Figure

from difficulty.analysis.detection import DETECTION, DETECTION_CURVES
from difficulty.figures.detection.curves import detection_figure
from difficulty.figures.inputs import ONE
from difficulty.tables import read_table

INPUTS = {"comparison": ONE, "curves": ONE}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads what every score finds among the images of both data sets."""
    table, curves = read_table(inputs.comparison, DETECTION), read_table(inputs.curves, DETECTION_CURVES)
    title = f"{table['experiment'].iloc[0]}: which score tells images of {inputs.comparison.stem} from its own?"
    return detection_figure(table, curves, title, wanted="foreign", families=settings["families"])
