"""Variance of gradients of a run's examples, from the maps of its checkpoints."""

from pathlib import Path

import pandas as pd

from difficulty.scores.shards import epoch_of
from difficulty.scores.vog.gradient_maps import read_maps
from difficulty.scores.vog.tables import VOG_RUN, stage_rows
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import write_table


def main(args):
    paths = sorted(args.gradients, key=epoch_of)
    epochs = [epoch_of(path) for path in paths]
    parts = [
        stage_rows(args.settings["stages"], example_ids, zip(epochs, *by_checkpoint, strict=True))
        for example_ids, *by_checkpoint in read_maps(paths)
    ]
    write_table(pd.concat(parts), args.output, VOG_RUN, provenance(args))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--gradients", type=Path, nargs="+", required=True, help="maps of every checkpoint of a stage")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
