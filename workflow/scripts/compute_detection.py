"""How well every score of an experiment finds the examples that are really hard; over the runs, and run by run."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.detection import ALL_RUNS, DETECTION, DETECTION_CURVES, detection_curve, detection_report
from difficulty.analysis.truth import hard_examples
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.errors import UserError
from difficulty.scores.collect import RUN_SCORES, SCORES, ranking_columns
from difficulty.scores.run_grid import ranking_values
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    settings, role = args.settings, args.settings["role"]
    columns = read_schema(args.scores).columns
    ranking = ranking_columns(columns, role)
    if missing := [score for score in settings.get("scores", []) if score not in ranking]:
        raise UserError(f"analyses.detection.scores: no score {', '.join(missing)} of role {role} in {args.scores}")
    ranking = {score: ranking[score] for score in settings.get("scores", ranking)}
    directions = {score: columns[column].direction for score, column in ranking.items()}
    table = read_table(args.scores, SCORES).set_index("example_id")
    hard = truth_of(table, settings, args.examples)
    rows, truth = table.loc[hard.index, list(ranking.values())].set_axis(list(ranking), axis=1), hard.to_numpy()
    reports = [detection_report(rows, truth, directions, bootstrap=settings["bootstrap"]).assign(run=ALL_RUNS)]
    for run, values in scores_by_run(args.families, list(ranking), role).items():
        values = values.loc[values.index.intersection(hard.index)]
        reports.append(detection_report(values, hard[values.index].to_numpy(), directions, bootstrap=0).assign(run=run))
    name, facts = args.output.stem, provenance(args)
    report = pd.concat(reports).assign(detection=name, truth=settings["column"], role=role)
    report["experiment"] = args.scores.resolve().parent.name
    write_table(report, args.output, DETECTION, facts)
    curves = [detection_curve(rows[score], truth, directions[score]).assign(score=score) for score in ranking]
    write_table(pd.concat(curves).assign(detection=name), args.curves, DETECTION_CURVES, facts)
    best = reports[0].sort_values("average_precision", ascending=False).iloc[0]
    summary = best[["examples", "positives", "score", "auroc", "average_precision"]]
    logger.info("%d examples, %d of them hard; best: %s, AUROC %.3f, average precision %.3f", *summary)


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


def scores_by_run(families: list[Path], wanted: list[str], role: str) -> dict[str, pd.DataFrame]:
    """The wanted scores as they rank, one frame by example_id per run, from the families that know runs."""
    found: dict[str, list[pd.DataFrame]] = {}
    for path in families:
        schema = read_schema(path)
        columns = {score: schema.columns[score] for score in wanted if score in schema.columns}
        if schema.name == RUN_SCORES.name and columns:
            table = read_table(path, RUN_SCORES)
            table = table[table["role"] == role].set_index("example_id")
            for run, rows in table.groupby("run"):
                found.setdefault(run, []).append(ranking_values(rows, columns))
    return {run: pd.concat(parts, axis=1) for run, parts in found.items()}


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--curves", type=Path, required=True, help="output: found against inspected")
    run_stage(main, parser)
