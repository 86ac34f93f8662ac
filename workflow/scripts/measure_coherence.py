"""Coherence of the gradients of groups of a run's training examples, at several checkpoints."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.loading import batch_size, image_batches, load_images, own_threads
from difficulty.progress import Progress
from difficulty.scores.coherence import coherence
from difficulty.scores.coherence_tables import COHERENCE, coherence_rows, sampled_groups
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.run_grid import ranking_values
from difficulty.stage import provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table
from difficulty.training.loop import choose_device
from difficulty.training.network_command import network_arguments
from difficulty.training.prediction import saved_network
from difficulty.training.runs import roles_of

logger = logging.getLogger("difficulty")


def main(args):
    settings, device = args.settings, choose_device(args.settings)
    labels = read_table(args.labels, LABELS)
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads, args.workers))
    run = args.checkpoints.parent
    trained = np.flatnonzero(roles_of(labels, run.name, settings.get("folds")) == "train")
    own = labels.iloc[trained]
    hardness = mean_hardness(args.dynamics, settings["score"]).reindex(own["example_id"]).to_numpy(float)
    chosen = (settings["examples"], settings["fraction"], settings["seed"])
    groups = sampled_groups(own["is_corrupt"].to_numpy(bool), hardness, *chosen)
    pictures, given = {}, {}
    for name, rows in groups.items():
        parts = torch.from_numpy(trained[rows]).split(batch_size(*images.shape[1:3], device))
        pictures[name] = torch.cat([part.cpu() for part in image_batches(images, parts, device, args.workers)])
        given[name] = torch.tensor(own["label"].to_numpy()[rows], device=device)
    size = len(next(iter(given.values())))
    progress = Progress(f"{run.parent.name}/{run.name} coherence", len(settings["epochs"]) * len(groups) * size)
    tables = []
    for epoch in settings["epochs"]:
        network = saved_network(args.checkpoints, epoch, device)
        network.check_images(images, args.pixels)
        for name in groups:
            found = coherence(network.model, network.normalization(pictures[name].to(device)), given[name])
            tables.append(coherence_rows(epoch, name, found.examples, found.alphas))
            progress.update(size)
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"))
    write_table(pd.concat(tables), args.output, COHERENCE, facts)
    logger.info("%d checkpoints, %d examples in each of %s", len(settings["epochs"]), size, ", ".join(groups))


def mean_hardness(dynamics: Path, score: str) -> pd.Series:
    """Mean of a score over the runs trained on an example, by example_id, turned so that higher is harder."""
    column = read_schema(dynamics).columns[score]
    table = read_table(dynamics, RUN_SCORES, ["example_id", "role", score])
    table = table[table["role"] == "train"].set_index("example_id")
    return column.direction * ranking_values(table, {score: column})[score].groupby(level=0).mean()


if __name__ == "__main__":
    parser = network_arguments(__doc__, "coherence.parquet")
    parser.add_argument("--dynamics", type=Path, required=True, help="learning-dynamics scores of all runs")
    run_stage(main, parser)
