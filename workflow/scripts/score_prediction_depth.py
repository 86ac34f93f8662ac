"""Prediction depth of every example in every run, from the votes of its neighbours at the last probed checkpoint."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.depth.tables import VOTES, depth_columns, depth_scores
from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import TableError, read_provenance, read_table, write_table
from difficulty.training.runs import roles_of

logger = logging.getLogger("difficulty")


def main(args):
    given = read_table(args.labels, LABELS).set_index("example_id")
    made = read_provenance(args.votes[0])
    probes, tables = made["probes"], []
    warn_of_small_classes(given, made["settings"]["k"], experiment_of(args.votes[0].parent))
    for path in args.votes:
        if read_provenance(path)["probes"] != probes:
            raise TableError(path, f"has other probes than {args.votes[0]}")
        run = run_of(path.parent)
        role = roles_of(given, run, args.settings.get("folds"))
        scores = depth_scores(read_table(path, VOTES))
        scores["role"] = role.loc[scores["example_id"]].to_numpy()
        for name, rows in scores.groupby("role"):
            undefined, ties = rows["prediction_depth_undefined"].mean(), rows["probe_ties"].mean()
            text = "%s: %d %s examples, %.2f %% undefined, %.2f %% of the votes tied"
            logger.info(text, run, len(rows), name, 100 * undefined, 100 * ties)
        tables.append(scores.assign(run=run))
    schema = RUN_SCORES.extended(depth_columns(len(probes)))
    write_table(pd.concat(tables), args.output, schema, provenance(args, probes=probes))


def warn_of_small_classes(labels: pd.DataFrame, k: int, experiment: str) -> None:
    """Warns if classes have fewer training examples than neighbours vote, so that other classes outvote them."""
    sizes = labels.loc[labels["split"] == "train", "label"].value_counts()
    if count := int((sizes < k).sum()):
        warn(
            f"{experiment}: {count} of {len(sizes)} classes have fewer than k = {k} training examples, the smallest "
            f"{sizes.min()}, and are outvoted by others; lower analyses.prediction_depth.k"
        )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--votes", type=Path, nargs="+", required=True, help="the votes of every run")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
