"""Average precision of each class at saved checkpoints of a run, whose images have several labels."""

import logging

import numpy as np
import pandas as pd

from difficulty.analysis.average_precision import ALL_CLASSES, AVERAGE_PRECISION, class_precisions
from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.label_sets import set_class_names
from difficulty.saved_runs.options import run_arguments
from difficulty.saved_runs.runs import open_run
from difficulty.stage import WITH_TORCH, provenance, run_stage
from difficulty.tables import write_table
from difficulty.training.passes import predict_logits
from difficulty.training.targets import targets_of

logger = logging.getLogger("difficulty")


def main(args):
    settings, run = args.settings, open_run(args)
    targets, names, split = targets_of(run.labels), set_class_names(run.labels), run.labels["split"].to_numpy()
    progress = run.progress("average precision", len(settings["epochs"]), "checkpoints")
    tables = []
    for epoch in settings["epochs"]:
        network = run.network(epoch)
        logits = predict_logits(network.model, run.labelled(network, targets), settings)
        for role in SPLITS:
            if (members := split == role).any():
                table = class_precisions(logits[members], targets.numpy()[members], names)
                tables.append(table.assign(role=role, epoch=np.int32(epoch)))
        progress.update(1)
    table = pd.concat(tables)
    write_table(table, args.output, AVERAGE_PRECISION, provenance(args, WITH_TORCH))
    for mean in table[table["class_name"] == ALL_CLASSES].itertuples():
        logger.info("epoch %d, %s: mean average precision %.4f", mean.epoch, mean.role, mean.average_precision)


if __name__ == "__main__":
    run_stage(main, run_arguments(__doc__, "average_precision.parquet"))
