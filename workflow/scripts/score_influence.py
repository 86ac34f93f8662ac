"""Self-influence of every example in every run, by each strategy, summed over checkpoints."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.influence.tables import SELF_INFLUENCE, influence_columns
from difficulty.scores.runs import run_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.runs import roles_of

logger = logging.getLogger("difficulty")


def main(args):
    given = read_table(args.labels, LABELS).set_index("example_id")
    strategies, epochs = args.settings["strategies"], args.settings["epochs"]
    by_run: dict[str, dict[str, pd.Series]] = {}
    for path in args.scores:
        strategy = path.name.partition("-")[0]
        values = read_table(path, SELF_INFLUENCE).set_index("example_id")["self_influence"]
        sums = by_run.setdefault(run_of(path.parent), {})
        sums[strategy] = sums[strategy] + values if strategy in sums else values
    tables = []
    for run, sums in by_run.items():
        role = roles_of(given, run, args.settings.get("folds"))
        scores = pd.DataFrame({f"self_influence_{strategy}": values for strategy, values in sums.items()})
        scores["role"] = role.loc[scores.index]
        tables.append(scores.assign(run=run).reset_index())
    logger.info("%d runs, %d checkpoints, %s", len(tables), len(epochs), ", ".join(strategies))
    schema = RUN_SCORES.extended(influence_columns(strategies, len(epochs)))
    write_table(pd.concat(tables), args.output, schema, provenance(args))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, nargs="+", required=True, help="ekfac-epoch-5.parquet ... of all runs")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
