"""How well scores separate the test images of another data set from an experiment's own."""

import logging
from pathlib import Path

from difficulty.analysis.detection import DETECTION, DETECTION_CURVES
from difficulty.analysis.distributions import compare_distributions, strangeness
from difficulty.scores.vog.tables import VOG_RUN
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    own, other = (
        {run_of(path): strangeness(read_table(path, VOG_RUN), args.settings["latest"]) for path in paths}
        for paths in (args.own, args.other)
    )
    report, curves = compare_distributions(own, other, args.settings["bootstrap"])
    name, experiment = args.output.stem, args.output.parent.parent.name
    report = report.assign(detection=name, experiment=experiment, truth="out of distribution", role="test")
    write_table(report, args.output, DETECTION, provenance(args))
    write_table(curves.assign(detection=name), args.curves, DETECTION_CURVES, provenance(args))
    for row in report[report["run"] == "all"].itertuples():
        logger.info("%s: AUROC %.3f", row.score, row.auroc)


def run_of(path: Path) -> str:
    """Name of the run of {run}/tested/{dataset}.parquet."""
    return path.parent.parent.name


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--own", type=Path, nargs="+", required=True, help="every run's table of the own test images")
    parser.add_argument("--other", type=Path, nargs="+", required=True, help="and of the other data set's")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--curves", type=Path, required=True, help="output: found against inspected")
    run_stage(main, parser)
