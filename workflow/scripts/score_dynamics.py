"""Learning-dynamics scores of every example in every run of an experiment, from its records."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.errors import UserError
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.dynamics.scoring import PREDICTED_SET, RECORD_COLUMNS, dynamics_columns, score_arrays
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import run_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import TableError, read_provenance, read_schema, read_table, write_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    parts, lengths = [], {}
    for path in args.records:
        made = read_provenance(path)
        if "output_scale" not in made or "output_bias" not in made:
            raise TableError(path, "does not say how the logits are scaled and whether the last layer has a bias")
        records = stored_records(recorded(path), path)
        lengths[run_of(path)] = records.epochs
        for role in records.roles():
            scores = score_arrays(
                records.of_role(role),
                args.settings.get("el2n_epoch"),
                output_scale=made["output_scale"],
                output_bias=made["output_bias"],
            )
            logger.info("%s: %d %s examples over %d epochs", run_of(path), len(scores), role, records.epochs)
            scores.insert(0, "run", run_of(path))
            scores.insert(1, "role", role)
            parts.append(scores.reset_index())
    if len(epochs := set(lengths.values())) > 1:
        counted = ", ".join(f"{run} has {count}" for run, count in lengths.items())
        raise UserError(f"{args.output.parent.parent}: all runs need the same number of epochs; {counted}")
    table = pd.concat(parts, ignore_index=True).sort_values(["run", "example_id"], kind="stable")
    columns = dynamics_columns(epochs.pop())
    if table["grand_last"].isna().all():  # the records lack the norm of the features
        del table["grand_last"], columns["grand_last"]
    write_table(table, args.output, RUN_SCORES.extended(columns), provenance(args))
    for name in ("first_learned", "learning_epoch"):
        logger.info("%s: undefined in %.2f %% of the rows", name, 100 * table[name].isna().mean())


def recorded(path: Path) -> pd.DataFrame:
    """The columns that scores need; predicted sets, of images with several labels, as numbers that stand for them."""
    has_sets = PREDICTED_SET in read_schema(path).columns
    table = read_table(path, RECORDS, columns=[*RECORD_COLUMNS, *([PREDICTED_SET] if has_sets else [])])
    return table.assign(**{PREDICTED_SET: table[PREDICTED_SET].cat.codes}) if has_sets else table


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
