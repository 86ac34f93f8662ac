"""Analysis of VoG: where the network errs, which other scores agree, and which labels are wrong."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.vog_correlation import VOG_CORRELATION, vog_correlation
from difficulty.analysis.vog_errors import VOG_ERRORS, vog_errors
from difficulty.analysis.vog_label_noise import VOG_LABEL_NOISE, label_noise_tests
from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import RUN_SCORES, SCORES, ranking_columns
from difficulty.scores.dynamics.scoring import DYNAMICS
from difficulty.scores.runs import ROLE_SUFFIXES, run_of
from difficulty.scores.vog.tables import VOG_RUN, vog_columns
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    stages, facts = args.settings["stages"], provenance(args, ("numpy", "pandas", "pyarrow", "scipy"))
    labels = read_table(args.labels, LABELS).set_index("example_id")["label"]
    parts: dict[str, list[pd.DataFrame]] = {}
    for path in args.runs:
        parts.setdefault(run_of(path), []).append(read_table(path, VOG_RUN))
    rows = {run: pd.concat(tables) for run, tables in parts.items()}
    errors = vog_errors(read_table(args.family, RUN_SCORES), rows, labels, stages)
    logger.info("errors: %d rows, %d runs", len(errors), len(rows))
    write_table(errors, args.errors, VOG_ERRORS, facts)

    columns, scores = read_schema(args.scores).columns, read_table(args.scores, SCORES)
    own = [name for name, column in vog_columns(stages).items() if column.direction is not None]
    correlations = [pd.DataFrame(columns=list(VOG_CORRELATION.columns))]
    for role in ROLE_SUFFIXES:
        found = ranking_columns(columns, role)
        wanted = {name: found[name] for name in (*own, *DYNAMICS) if name in found}
        of_role = scores[scores[f"runs_{role}"] > 0]
        hardness = pd.DataFrame({name: of_role[column] * columns[column].direction for name, column in wanted.items()})
        hardness = hardness.dropna(axis=1, how="all")
        vog = [name for name in own if name.startswith("vog_") and name in hardness]
        table = vog_correlation(hardness, vog, of_role["label"].to_numpy(), args.settings["bootstrap"])
        correlations += [table.assign(role=role)] if len(table) else []
        logger.info("%s: %d scores, %d of them VoG, %d examples", role, hardness.shape[1], len(vog), len(hardness))
    write_table(pd.concat(correlations), args.correlation, VOG_CORRELATION, facts)

    trained = scores[scores["runs_train"] > 0]
    compared = {name: trained[name].to_numpy(float) for name in own if name in trained}
    noise = label_noise_tests(compared, trained["is_corrupt"].to_numpy(bool))
    logger.info("label noise: %d scores tested", len(noise))
    write_table(noise, args.label_noise, VOG_LABEL_NOISE, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True, help="all scores, means over the runs")
    parser.add_argument("--family", type=Path, required=True, help="the scores of VoG of every run")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="vog.parquet of every run, and shard")
    parser.add_argument("--errors", type=Path, required=True, help="output: error rates by VoG")
    parser.add_argument("--correlation", type=Path, required=True, help="output: correlation with other scores")
    parser.add_argument("--label-noise", type=Path, required=True, help="output: corrupt against other labels")
    run_stage(main, parser)
