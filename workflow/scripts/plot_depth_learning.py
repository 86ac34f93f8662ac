"""Draws prediction depth against the epoch from which on the network's prediction stays the same."""

from pathlib import Path

from difficulty.figures.prediction_depth.learning import depth_learning_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.dynamics import DYNAMICS
from difficulty.scores.probe_tables import depth_columns
from difficulty.stage import run_stage
from difficulty.tables import read_provenance, read_table

_KEYS = ["example_id", "run", "role"]


def main(args):
    names = read_provenance(args.family)["probes"]
    depth = read_table(args.family, RUN_SCORES.extended(depth_columns(len(names))), [*_KEYS, "prediction_depth"])
    dynamics = RUN_SCORES.extended({"iteration_learned": DYNAMICS["iteration_learned"]})
    learned = read_table(args.dynamics, dynamics, [*_KEYS, "iteration_learned"])
    scores = depth.merge(learned, on=_KEYS, validate="one_to_one")
    title = f"{args.family.parents[1].name}: are deep examples learned late?"
    write_figure(depth_learning_figure(scores, names, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--family", type=Path, required=True, help="prediction depth of every run")
    parser.add_argument("--dynamics", type=Path, required=True, help="learning dynamics of every run")
    run_stage(main, parser)
