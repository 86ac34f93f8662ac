"""How well every score of an experiment finds the examples that are really hard; over all seeds, and seed by seed."""

import logging
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
from difficulty.analysis.truth import hard_examples
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.errors import UserError
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    settings, role = args.settings, args.settings["role"]
    columns = read_schema(args.scores).columns
    ranking = ranking_columns(columns, role)
    wanted = settings.get("scores", list(ranking))
    if missing := [score for score in wanted if score not in ranking]:
        if missing == wanted:
            raise UserError(f"analyses.detection.scores: no score {', '.join(missing)} of role {role} in {args.scores}")
        logger.info("left out, as there are none of role %s: %s", role, ", ".join(missing))
    ranking = {score: ranking[score] for score in wanted if score in ranking}
    directions = {score: columns[column].direction for score, column in ranking.items()}
    table = read_table(args.scores, SCORES).set_index("example_id")
    hard = truth_of(table, settings, args.examples)
    rows, truth = table.loc[hard.index, list(ranking.values())].set_axis(list(ranking), axis=1), hard.to_numpy()
    rows = defined_scores(rows, args.output.stem)
    if rows.empty:
        raise UserError(f"{args.scores}: all scores compared are undefined for every example of role {role}")
    seeds = by_seed(run_values(args.families, list(rows), role), hard.index.to_numpy())
    values = {score: own.to_numpy() for score, own in seeds.items()}
    report, differences = detection_tables(rows, truth, directions, by_seed=values, bootstrap=settings["bootstrap"])
    reports = [report.assign(run=ALL_RUNS)]
    for seed, of_seed in of_each_seed(seeds).items():
        of_seed = defined_scores(of_seed, f"{args.output.stem}: {seed}")
        if not of_seed.notna().all(axis=1).any():
            warn(f"{args.output.stem}: {seed}: left out, as no example has all scores")
            continue
        single = detection_report(of_seed, hard[of_seed.index].to_numpy(), directions, bootstrap=0)
        reports.append(single.assign(run=seed))
    name, facts = args.output.stem, provenance(args)
    report = pd.concat(reports).assign(detection=name, truth=settings["column"], role=role)
    report["experiment"] = args.scores.resolve().parent.name
    write_table(report, args.output, DETECTION, facts)
    write_table(differences.assign(detection=name), args.differences, DETECTION_DIFFERENCES, facts)
    curves = detection_curves(rows, truth, directions)
    write_table(curves.assign(detection=name), args.curves, DETECTION_CURVES, facts)
    best = reports[0].sort_values("average_precision", ascending=False).iloc[0]
    summary = best[["examples", "positives", "score", "auroc", "average_precision"]]
    logger.info("%d examples, %d of them hard; best: %s, AUROC %.3f, average precision %.3f", *summary)


def defined_scores(scores: pd.DataFrame, place: str) -> pd.DataFrame:
    """Scores (N rows) without the columns that are undefined everywhere, which it warns of."""
    undefined = scores.columns[scores.isna().all()]
    if len(undefined):
        warn(f"{place}: left out, as undefined for every example: {', '.join(undefined)}")
    return scores.drop(columns=undefined)


def truth_of(scores: pd.DataFrame, settings: dict, examples: Path) -> pd.Series:
    """bool by example_id, of the examples of the role for which it is known whether they are hard."""
    column, table = settings["column"], scores
    if column != "is_corrupt":
        if column not in (found := read_schema(examples).columns):
            raise UserError(f"{examples}: no truth column {column}; it has {', '.join(found)}")
        table = read_table(examples, EXAMPLES, columns=["example_id", column]).set_index("example_id")
    values = table.loc[scores.index[scores[f"runs_{settings['role']}"] > 0], column]
    hard, known = hard_examples(values, settings.get("above"), settings.get("top"))
    if not known.any():
        raise UserError(f"{examples}: no example of role {settings['role']} has a known {column}")
    return pd.Series(hard[known], index=values.index[known])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--curves", type=Path, required=True, help="output: found against inspected")
    parser.add_argument("--differences", type=Path, required=True, help="output: every score against every other one")
    run_stage(main, parser)
