"""Evaluates a run's saved weights: its own data by role, further data sets by their test split.

The last checkpoint; all of them on the own data where records are online, since the history then lacks the test split.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.loading import ready_images
from difficulty.devices import choose_device
from difficulty.saved_runs.evaluation import evaluate, further_examples, own_examples
from difficulty.saved_runs.networks import saved_network
from difficulty.saved_runs.options import pass_arguments
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.checkpoints import saved_epochs
from difficulty.training.run_tables import EVALUATION
from difficulty.training.runs import Run


def main(args):
    settings, device = args.settings, choose_device(args.settings)
    own = read_table(args.examples[0], EXAMPLES)
    run, epochs = Run.from_name(args.checkpoints.parent.name), saved_epochs(args.checkpoints)
    own_epochs = epochs if settings["records"] == "online" else epochs[-1:]
    tables = []
    for examples, pixels, files in zip(args.examples, args.pixels, args.files, strict=True):
        dataset, is_own = examples.parent.name, examples == args.examples[0]
        evaluated = own_examples(args.labels, run, settings.get("folds")) if is_own else further_examples(own, examples)
        images = ready_images(pixels, files, args.threads, args.workers)
        for epoch in own_epochs if is_own else epochs[-1:]:
            network = saved_network(args.checkpoints, epoch, device)
            network.check_images(images, dataset)
            rows = evaluate(network, images, evaluated, settings, device, args.workers)
            tables.append(rows.assign(dataset=dataset, epoch=np.int32(epoch)))
    write_table(pd.concat(tables), args.output, EVALUATION, provenance(args, WITH_TORCH))


if __name__ == "__main__":
    parser = pass_arguments(__doc__)
    required_paths(parser, "checkpoints", "labels")
    parser.add_argument("--examples", type=Path, nargs="+", required=True, help="the own data set's first")
    required_paths(parser, "pixels", "files", nargs="+", help="in the order of --examples")
    required_paths(parser, "output")
    run_stage(main, parser)
