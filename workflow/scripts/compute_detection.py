"""How well every score of an experiment finds the examples that are really hard; over all seeds, and seed by seed."""

import logging
from functools import partial
from pathlib import Path

import pandas as pd

from difficulty.analysis.detection import (
    ALL_RUNS,
    DETECTION,
    DETECTION_CURVES,
    DETECTION_DIFFERENCES,
    detection_curves,
    detection_tables,
)
from difficulty.analysis.detection_of_seeds import reports_of_seeds
from difficulty.analysis.run_values import by_seed
from difficulty.analysis.tested_scores import defined_scores, known_truth, tested_scores
from difficulty.errors import UserError
from difficulty.scores.collect import SCORES
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    settings, name, facts = args.settings, args.output.stem, provenance(args)
    ranking, directions = tested_scores(args.scores, settings["role"], settings.get("scores"))
    facts_of_examples = ["example_id", "is_corrupt", f"runs_{settings['role']}"]
    columns = list(dict.fromkeys([*facts_of_examples, *ranking.values()]))
    table = read_table(args.scores, SCORES, columns).set_index("example_id")
    hard = known_truth(table, settings, args.examples)
    rows, truth = table.loc[hard.index, list(ranking.values())].set_axis(list(ranking), axis=1), hard.to_numpy()
    del table
    rows = defined_scores(rows, name)
    if rows.empty:
        role = settings["role"]
        raise UserError(f"{args.scores}: all scores compared are undefined for every example of role {role}")
    seeds = partial(by_seed, args.families, list(rows), settings["role"], hard.index.to_numpy())
    values = ((score, own.to_numpy()) for score, own in seeds())
    report, differences = detection_tables(rows, truth, directions, by_seed=values, bootstrap=settings["bootstrap"])
    single = reports_of_seeds(seeds, truth, directions, name)
    reports = pd.concat([report.assign(run=ALL_RUNS), *single]).assign(
        detection=name,
        truth=settings["column"],
        role=settings["role"],
        experiment=args.scores.resolve().parent.name,
    )
    write_table(reports, args.output, DETECTION, facts)
    write_table(differences.assign(detection=name), args.differences, DETECTION_DIFFERENCES, facts)
    curves = detection_curves(rows, truth, directions)
    write_table(curves.assign(detection=name), args.curves, DETECTION_CURVES, facts)
    best = report.sort_values("average_precision", ascending=False).iloc[0]
    summary = best[["examples", "positives", "score", "auroc", "average_precision"]]
    logger.info("%d examples, %d of them hard; best: %s, AUROC %.3f, average precision %.3f", *summary)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "examples", "output")
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    required_paths(parser, "curves", help="output: found against inspected")
    required_paths(parser, "differences", help="output: every score against every other one")
    run_stage(main, parser)
