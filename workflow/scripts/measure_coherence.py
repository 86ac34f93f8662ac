"""Coherence of the gradients of groups of a run's training examples, at several checkpoints."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.loading import batch_size, image_batches
from difficulty.saved_runs.options import run_arguments
from difficulty.saved_runs.runs import SavedRun, open_run
from difficulty.scores.coherence.measure import coherence
from difficulty.scores.coherence.tables import COHERENCE, coherence_rows, sampled_groups
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.run_grid import ranking_values
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    settings, run = args.settings, open_run(args)
    groups = chosen_groups(run, mean_hardness(args.dynamics, settings["score"]))
    images = {name: decoded(run, rows) for name, rows in groups.items()}
    given = run.labels["label"].to_numpy()
    labels = {name: torch.tensor(given[rows], device=run.device) for name, rows in groups.items()}
    size = len(next(iter(groups.values())))
    progress = run.progress("coherence", len(settings["epochs"]) * len(groups) * size)
    tables = []
    for epoch in settings["epochs"]:
        network = run.network(epoch)
        for name in groups:
            inputs = network.normalization(images[name].to(run.device))
            found = coherence(network.model, inputs, labels[name])
            tables.append(coherence_rows(epoch, name, found.examples, found.alphas))
            progress.update(size)
    write_table(pd.concat(tables), args.output, COHERENCE, provenance(args, WITH_TORCH))
    logger.info("%d checkpoints, %d examples in each of %s", len(settings["epochs"]), size, ", ".join(groups))


def chosen_groups(run: SavedRun, hardness: pd.Series) -> dict[str, np.ndarray]:
    """Name of each group -> positions of its examples, all trained on. hardness: by example_id."""
    settings, trained = run.settings, np.flatnonzero(run.roles == "train")
    own = run.labels.iloc[trained]
    values = hardness.reindex(own["example_id"]).to_numpy(float)
    chosen = (settings["examples"], settings["fraction"], settings["seed"])
    groups = sampled_groups(own["is_corrupt"].to_numpy(bool), values, *chosen)
    return {name: trained[rows] for name, rows in groups.items()}


def decoded(run: SavedRun, rows: np.ndarray) -> torch.Tensor:
    """uint8 (n, C, H, W) of the images at these positions, in memory."""
    parts = torch.from_numpy(rows).split(batch_size(*run.images.shape[1:3], run.device))
    return torch.cat([part.cpu() for part in image_batches(run.images, parts, run.device, run.workers)])


def mean_hardness(dynamics: Path, score: str) -> pd.Series:
    """Mean of a score over the runs trained on an example, by example_id, turned so that higher is harder."""
    column = read_schema(dynamics).columns[score]
    table = read_table(dynamics, RUN_SCORES, ["example_id", "role", score])
    table = table[table["role"] == "train"].set_index("example_id")
    return column.direction * ranking_values(table, {score: column})[score].groupby(level=0).mean()


if __name__ == "__main__":
    parser = run_arguments(__doc__, "coherence.parquet")
    required_paths(parser, "dynamics", help="learning-dynamics scores of all runs")
    run_stage(main, parser)
