"""Draws for some training examples of a run what their neighbours vote at each probe, from shallow to deep."""

from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.images import open_images, take
from difficulty.figures.prediction_depth.votes import Votes, depth_votes_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import SCORES
from difficulty.scores.probe_tables import VOTES, vote_matrix
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import run_stage
from difficulty.tables import read_provenance, read_table
from difficulty.training.run_tables import RECORDS

ROLE = "train"


def main(args):
    voted_ids, vote, tied, predicted = vote_matrix(read_table(args.votes, VOTES))
    records = read_table(args.records, RECORDS, ["example_id", "epoch", "role", "predicted"])
    records = stored_records(records, args.records).of_role(ROLE)
    ids = np.intersect1d(voted_ids, records.example_id)
    of_votes = pd.Index(voted_ids).get_indexer(ids)
    by_epoch = records["predicted"][:, pd.Index(records.example_id).get_indexer(ids)]
    votes = Votes(vote[of_votes], tied[of_votes], predicted[of_votes], by_epoch)
    scores = read_table(args.scores, SCORES, ["example_id", "label", "clean_label", "is_corrupt"])
    example_ids, images = open_images(args.pixels)
    facts, run, epoch = read_provenance(args.votes), args.votes.parent, args.votes.stem.replace("-", " ")
    figure = depth_votes_figure(
        votes,
        scores.set_index("example_id").loc[ids],
        take(images, pd.Index(example_ids).get_indexer(ids)),
        dict(enumerate(class_names(read_table(args.examples, EXAMPLES, ["label", "class_name"])))),
        facts["probes"],
        f"{experiment_of(run)}: prediction depth in run {run_of(run)}, checkpoint of {epoch}",
        facts["settings"]["k"],
    )
    write_figure(figure, args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--votes", type=Path, required=True)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    run_stage(main, parser)
