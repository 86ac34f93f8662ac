"""How well every score of an experiment finds the examples that are really hard; over all seeds, and seed by seed."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from difficulty.analysis.detection import (
    ALL_RUNS,
    DETECTION,
    DETECTION_CURVES,
    DETECTION_DIFFERENCES,
    detection_curves,
    detection_report,
    detection_tables,
)
from difficulty.analysis.run_values import by_seed, of_each_seed, run_values
from difficulty.analysis.tested_scores import defined_scores, known_truth, tested_scores
from difficulty.errors import UserError
from difficulty.scores.collect import SCORES
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    settings, name, facts = args.settings, args.output.stem, provenance(args)
    ranking, directions = tested_scores(args.scores, settings["role"], settings.get("scores"))
    table = read_table(args.scores, SCORES).set_index("example_id")
    hard = known_truth(table, settings, args.examples)
    rows, truth = table.loc[hard.index, list(ranking.values())].set_axis(list(ranking), axis=1), hard.to_numpy()
    rows = defined_scores(rows, name)
    if rows.empty:
        role = settings["role"]
        raise UserError(f"{args.scores}: all scores compared are undefined for every example of role {role}")
    seeds = by_seed(run_values(args.families, list(rows), settings["role"]), hard.index.to_numpy())
    values = {score: own.to_numpy() for score, own in seeds.items()}
    report, differences = detection_tables(rows, truth, directions, by_seed=values, bootstrap=settings["bootstrap"])
    single = reports_of_seeds(seeds, hard, directions, name)
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


def reports_of_seeds(
    seeds: Mapping[str, pd.DataFrame], hard: pd.Series, directions: Mapping[str, int], name: str
) -> Iterator[pd.DataFrame]:
    """Rows of DETECTION of each seed by itself; a warning for one where no example has all scores.

    seeds: as `by_seed` gives them. hard: bool by example_id.
    """
    for seed, scores in of_each_seed(seeds).items():
        scores = defined_scores(scores, f"{name}: {seed}")
        if not scores.notna().all(axis=1).any():
            warn(f"{name}: {seed}: left out, as no example has all scores")
            continue
        truth = hard[scores.index].to_numpy()
        yield detection_report(scores, truth, directions, bootstrap=0).assign(run=seed)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "examples", "output")
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    required_paths(parser, "curves", help="output: found against inspected")
    required_paths(parser, "differences", help="output: every score against every other one")
    run_stage(main, parser)
