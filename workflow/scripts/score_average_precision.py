"""Average precision of each class at saved checkpoints of a run, whose images have several labels."""

import logging

import numpy as np
import pandas as pd
import torch

from difficulty.analysis.average_precision import ALL_CLASSES, AVERAGE_PRECISION, class_precisions
from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.label_sets import set_class_names
from difficulty.datasets.loading import load_images, own_threads
from difficulty.progress import Progress
from difficulty.stage import provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.logits import predict_logits
from difficulty.training.loop import TrainingData, choose_device
from difficulty.training.network_command import network_arguments
from difficulty.training.prediction import saved_network
from difficulty.training.targets import targets_of

logger = logging.getLogger("difficulty")


def main(args):
    settings, device = {**args.settings, "workers": args.workers}, choose_device(args.settings)
    labels = read_table(args.labels, LABELS)
    targets, names = targets_of(labels), set_class_names(labels)
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads, args.workers))
    run = args.checkpoints.parent
    progress = Progress(f"{run.parent.name}/{run.name} average precision", len(settings["epochs"]), "checkpoints")
    tables = []
    for epoch in settings["epochs"]:
        network = saved_network(args.checkpoints, epoch, device)
        network.check_images(images, args.pixels)
        data = TrainingData(images, targets, torch.empty(0, dtype=torch.int64), network.normalization)
        logits = predict_logits(network.model, data.to(device), settings)
        for role in ("train", "test"):
            members = (labels["split"] == role).to_numpy()
            if members.any():
                table = class_precisions(logits[members], targets.numpy()[members], names)
                tables.append(table.assign(role=role, epoch=np.int32(epoch)))
        progress.update(1)
    table = pd.concat(tables)
    write_table(table, args.output, AVERAGE_PRECISION, provenance(args, ("torch", "numpy", "pandas", "pyarrow")))
    for mean in table[table["class_name"] == ALL_CLASSES].itertuples():
        logger.info("epoch %d, %s: mean average precision %.4f", mean.epoch, mean.role, mean.average_precision)


if __name__ == "__main__":
    run_stage(main, network_arguments(__doc__, "average_precision.parquet"))
