"""Rank correlation between the scores of an experiment, and of each score with itself under other seeds."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.compared_scores import compared_columns, drawn_examples
from difficulty.analysis.correlation import CORRELATION, SEED_CORRELATION, STABILITY, correlation_table
from difficulty.analysis.run_values import rows_of_examples
from difficulty.analysis.score_order import in_order, similar_order
from difficulty.analysis.seed_stability import corrected_table, over_seeds, reliabilities
from difficulty.errors import UserError
from difficulty.scores.collect import SCORES
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")

_ABOVE_ONE = 1 + 1e-9  # more than by rounding


def main(args):
    settings, wanted, facts = args.settings, args.settings.get("scores"), provenance(args)
    directions = {name: column.direction for name, column in read_schema(args.scores).columns.items()}
    drawn = drawn_examples(read_table(args.scores, SCORES, ["example_id", "split"]), settings.get("examples"))
    stability, pairs = over_seeds(args.families, wanted, drawn)
    matrices = []
    for role, found in compared_columns(args.scores, args.families, wanted).items():
        columns = list(dict.fromkeys(["example_id", f"runs_{role}", *found.values()]))
        rows = rows_of_examples(args.scores, SCORES, columns, drawn)
        rows = rows[rows[f"runs_{role}"] > 0].set_index("example_id")
        rows = rows[list(found.values())].set_axis(list(found), axis=1).dropna(axis=1, how="all")
        if rows.empty:
            continue
        matrix = correlation_table(rows, settings["bootstrap"]).assign(role=role)
        matrix["corrected"] = corrected_table(args.families, list(rows), role, rows.index.to_numpy()).to_numpy().ravel()
        known = reliabilities(stability, role)
        for end in ("a", "b"):
            own = [directions[found[score]] for score in matrix[f"score_{end}"]]
            matrix[f"direction_{end}"] = pd.array(own, dtype="Int8")
            matrix[f"reliability_{end}"] = matrix[f"score_{end}"].map(known)
        log_matrix(matrix, role)
        matrices.append(matrix)
    if not matrices:
        names = ", ".join(wanted) if wanted else "any score"
        raise UserError(f"analyses.correlation.scores: no value of {names} in {args.scores}; name others")
    if wanted is None:  # in every role in the order of the first
        order = similar_order(matrices[0])
        matrices = [in_order(matrix, order) for matrix in matrices]
    write_table(pd.concat(matrices), args.output, CORRELATION, facts)
    write_table(stability, args.stability, STABILITY, facts)
    write_table(pairs, args.seeds, SEED_CORRELATION, facts)


def log_matrix(matrix: pd.DataFrame, role: str) -> None:
    scores, examples = matrix["score_a"].nunique(), matrix["examples"]
    logger.info("%s: %d scores compared, each pair on %d to %d examples", role, scores, examples.min(), examples.max())
    if above := int((matrix["corrected"].abs() > _ABOVE_ONE).sum() // 2):
        logger.info("%s: %d corrected correlations are above 1, by chance", role, above)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "output")
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    required_paths(parser, "stability", help="output: means over disjoint halves of the seeds")
    required_paths(parser, "seeds", help="output: every pair of seeds")
    run_stage(main, parser)
