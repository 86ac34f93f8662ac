"""Trains the networks of the toy experiment of variance of gradients; scores its points by the distance that they have
from the decision boundary.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.analysis.decision_boundary import distance_to_segments, surrounding_axes, zero_segments
from difficulty.analysis.vog_toy import VOG_TOY_SUMMARY, summarize
from difficulty.scores.vog.toy import (
    BOUNDARY,
    VOG_TOY,
    boundary_rows,
    in_order,
    published_distance,
    published_line,
    published_spread,
    stage_scores,
    true_spread,
)
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import write_table
from difficulty.training.vog_toy import TARGETS, draw_blobs, learn, learn_as_published, relu_network

logger = logging.getLogger("difficulty")
_GRID = 1001


def main(args):
    torch.set_num_threads(1)
    settings = args.settings
    blobs = draw_blobs(settings["blob_seed"])
    rate, epochs, hidden = settings["learning_rate"], settings["epochs"], settings["hidden"]
    target, stages = TARGETS[settings["target"]], in_order(settings["stages"])
    examples = pd.DataFrame({"example": np.arange(len(blobs.labels)), "label": blobs.labels, "blob": blobs.blobs})
    examples["split"] = np.where(blobs.is_train, "train", "test")
    examples[["x0", "x1"]] = blobs.points.astype(np.float64)
    axes = surrounding_axes(blobs.points, _GRID)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    scores, boundaries, summaries = [], [], []
    for seed in settings["seeds"]:
        if settings["reference"]:
            learned, spread = learn_as_published(blobs, hidden, rate, epochs), published_spread
        else:
            learned, spread = learn(relu_network(hidden, seed), blobs, rate, epochs, target), true_spread
        segments = zero_segments(*axes, learned.difference(grid).reshape(_GRID, _GRID))
        lines = [boundary_rows("network", segments)]
        distance = distance_to_segments(blobs.points, segments)
        if settings["reference"]:
            distance = published_distance(blobs.points)
            lines.append(boundary_rows("published", published_line(axes[0][[0, -1]])))
        table = stage_scores(examples.assign(distance=distance), learned.gradients, stages, spread)
        summary = summarize(table, stages, learned.correct, settings["bootstrap"])
        logger.info("network %d: accuracy %.1f %% after %d epochs", seed, 100 * learned.correct[-1].mean(), epochs)
        scores.append(table.assign(seed=seed))
        boundaries.append(pd.concat(lines).assign(seed=seed))
        summaries.append(summary.assign(seed=seed))
    facts = provenance(args, ("torch", "scikit-learn", "numpy", "pandas", "pyarrow"))
    write_table(pd.concat(scores), args.scores, VOG_TOY, facts)
    write_table(pd.concat(boundaries), args.boundary, BOUNDARY, facts)
    write_table(pd.concat(summaries), args.summary, VOG_TOY_SUMMARY, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    for name in ("scores", "boundary", "summary"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    run_stage(main, parser)
