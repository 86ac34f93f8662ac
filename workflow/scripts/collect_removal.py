"""How every run of a removal does on the test split, what it was trained on, and what that gains over a control."""

import logging
from pathlib import Path

from difficulty.analysis.removal import (
    NOTHING,
    REMOVAL,
    REMOVAL_SUMMARY,
    described_labels,
    removal_summary,
    removal_table,
)
from difficulty.datasets.example_tables import LABELS
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.evaluations import read_evaluations

logger = logging.getLogger("difficulty")


def main(args):
    settings = args.settings
    evaluations = read_evaluations(args.evaluations)
    labels = {path.parent.name: read_table(path, LABELS) for path in args.labels}
    before = labels[settings["experiment"]]
    described = {name: described_labels(each, before, settings["is_known"]) for name, each in labels.items()}
    rules = {settings["experiment"]: NOTHING} | {name: rule for rule, names in settings["rules"] for name in names}
    tests, steps, chosen_under = (settings[key] for key in ("tests", "steps", "chosen_under"))
    table = removal_table(rules, evaluations, tests, described, steps, chosen_under)
    write_table(table, args.output, REMOVAL, provenance(args))
    summary = removal_summary(table, settings.get("control"))
    write_table(summary, args.summary, REMOVAL_SUMMARY, provenance(args))
    logger.info("%d experiments compared with %s", len(rules) - 1, settings["experiment"])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="of each experiment")
    parser.add_argument("--evaluations", nargs="+", type=Path, required=True, help="evaluation.parquet of every run")
    required_paths(parser, "output")
    required_paths(parser, "summary", help="output: means over seeds and differences")
    run_stage(main, parser)
