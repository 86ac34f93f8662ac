"""Draws which images each run of an experiment gets right at each epoch."""

from pathlib import Path

import numpy as np

from difficulty.datasets.example_tables import LABELS
from difficulty.figures.experiments.panel import panel_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import run_stage
from difficulty.tables import read_table
from difficulty.training.run_tables import RECORDS


def main(args):
    split, examples = args.settings["split"], args.settings["examples"]
    labels = read_table(args.labels, LABELS, ["example_id", "split", "is_corrupt"])
    labels = labels[labels["split"] == split].sort_values("example_id")
    of_runs = []
    for path in args.records:
        records = read_table(path, RECORDS, ["example_id", "epoch", "role", "correct"])
        of_runs.append(stored_records(records, path).of_role(split))
    shape = (len(of_runs), max(records.epochs for records in of_runs), len(labels))
    correct, present = np.zeros(shape, bool), np.zeros((shape[0], shape[2]), bool)
    for run, records in enumerate(of_runs):
        place = np.searchsorted(labels["example_id"], records.example_id)
        correct[run, :, place] = records["correct"].T
        present[run, place] = True
    title = f"{experiment_of(args.records[0])}: right or wrong, {'training' if split == 'train' else split} images"
    runs = [run_of(path) for path in args.records]
    is_corrupt = labels["is_corrupt"].to_numpy()
    write_figure(panel_figure(correct, runs, title, present, is_corrupt, examples), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    run_stage(main, parser)
