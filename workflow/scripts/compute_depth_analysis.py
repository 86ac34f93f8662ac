"""Analysis of prediction depth: accuracy of every probe, and accuracy and agreement by depth."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.depth_levels import DEPTH_LEVELS, depth_levels
from difficulty.analysis.probe_accuracy import PROBE_ACCURACY, probe_accuracy
from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES
from difficulty.scores.depth.tables import VOTES
from difficulty.scores.run_grid import RunGrid
from difficulty.scores.runs import ROLE_SUFFIXES, run_of
from difficulty.scores.shards import epoch_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_provenance, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    labels = read_table(args.labels, LABELS).set_index("example_id")["label"]
    scores = read_table(args.family, RUN_SCORES)
    names = read_provenance(args.family)["probes"]
    role_of = {run: rows.set_index("example_id")["role"] for run, rows in scores.groupby("run")}
    accuracies, right, last = [], [], max(map(epoch_of, args.votes))
    for path in args.votes:
        run, epoch, votes = run_of(path.parent), epoch_of(path), read_table(path, VOTES)
        own = read_provenance(path)["probes"]
        rows = probe_accuracy(votes, own, labels, role_of[run])
        accuracies.append(rows.assign(run=run, epoch=np.int32(epoch)))
        if epoch == last:
            predicted = votes.drop_duplicates("example_id").set_index("example_id")["predicted"]
            right.append(predicted.eq(labels.loc[predicted.index]).rename("right").reset_index().assign(run=run))
    facts = provenance(args)
    write_table(pd.concat(accuracies), args.accuracy, PROBE_ACCURACY, facts)

    scores = scores.merge(pd.concat(right), on=["example_id", "run"], validate="one_to_one")
    agreed = read_table(args.consensus, EXAMPLE_SCORES).set_index("example_id")["consensus_consistency"]
    levels = []
    for role in ROLE_SUFFIXES:
        rows = scores[scores["role"] == role]
        if rows.empty:
            continue
        grid = RunGrid.of(rows)
        depth, hits = (grid.fill(rows[name]) for name in ("prediction_depth", "right"))
        consistency = agreed.loc[grid.example_id].to_numpy(float)
        levels.append(depth_levels(depth, hits, consistency, names, args.settings["bootstrap"]).assign(role=role))
        logger.info(
            "%s: %d examples, %.2f %% undefined",
            role,
            len(grid.example_id),
            100 * np.isnan(rows["prediction_depth"]).mean(),
        )
    write_table(pd.concat(levels), args.levels, DEPTH_LEVELS, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--votes", type=Path, nargs="+", required=True, help="of every run at every probed checkpoint")
    parser.add_argument("--family", type=Path, required=True, help="prediction depth of every run")
    parser.add_argument("--consensus", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--accuracy", type=Path, required=True, help="output: accuracy of the probes")
    parser.add_argument("--levels", type=Path, required=True, help="output: what examples of each depth share")
    run_stage(main, parser)
