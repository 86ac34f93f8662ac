"""Learning-dynamics scores of every example in every run of an experiment, from its records."""

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.errors import UserError
from difficulty.scores.collect import ROWS_READ_TOGETHER, RUN_SCORES
from difficulty.scores.dynamics.scoring import PREDICTED_SET, RECORD_COLUMNS, dynamics_columns, score_arrays
from difficulty.scores.record_file import RecordFile
from difficulty.scores.runs import ROLES, run_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.table_parts import frame_writer
from difficulty.tables import TableError, read_provenance, read_schema

logger = logging.getLogger("difficulty")


def main(args):
    files = {run_of(path): RecordFile(path) for path in args.records}
    lengths = {run: file.epochs for run, file in files.items()}
    if len(epochs := set(lengths.values())) > 1:
        counted = ", ".join(f"{run} has {count}" for run, count in lengths.items())
        raise UserError(f"{args.output.parent.parent}: all runs need the same number of epochs; {counted}")
    columns, undefined = dynamics_columns(epochs.pop()), {"first_learned": [], "learning_epoch": []}
    if all(file.is_null("feature_norm") for file in files.values()):
        del columns["grand_last"]
    with frame_writer(args.output, RUN_SCORES.extended(columns), provenance(args), ROWS_READ_TOGETHER) as append:
        for run, file in sorted(files.items()):
            scores = scores_of_run(file, args.settings.get("el2n_epoch"))
            order = np.argsort(scores["example_id"].to_numpy(), kind="stable")
            for start in range(0, len(order), ROWS_READ_TOGETHER):
                part = scores.iloc[order[start : start + ROWS_READ_TOGETHER]].assign(run=run)
                append(part[[*RUN_SCORES.columns, *columns]])
            for name, shares in undefined.items():
                shares.append(scores[name].isna().mean())
    for name, shares in undefined.items():
        logger.info("%s: undefined in %.2f %% of the rows", name, 100 * np.mean(shares))


def scores_of_run(file: RecordFile, el2n_epoch: int | None) -> pd.DataFrame:
    """example_id, role and the columns of DYNAMICS of the records of a run, in any order."""
    path, made = file.path, read_provenance(file.path)
    if "output_scale" not in made or "output_bias" not in made:
        raise TableError(path, "does not say how the logits are scaled and whether the last layer has a bias")
    layer = {"output_scale": made["output_scale"], "output_bias": made["output_bias"]}
    has_sets = PREDICTED_SET in read_schema(path).columns
    parts, counts = [], Counter()
    for block in file.blocks([*RECORD_COLUMNS, *([PREDICTED_SET] if has_sets else [])]):
        for role in block.roles():
            scores = score_arrays(block.of_role(role), el2n_epoch, **layer)
            roles = pd.Categorical.from_codes(np.full(len(scores), ROLES.index(role)), ROLES)
            parts.append(scores.reset_index().assign(role=roles))
            counts[role] += len(scores)
    for role, count in counts.items():
        logger.info("%s: %d %s examples over %d epochs", run_of(path), count, role, block.epochs)
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
