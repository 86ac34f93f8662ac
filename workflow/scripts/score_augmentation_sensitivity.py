"""How far each run's predictions of augmented copies diverge from that of the image, at its last checkpoint."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.random_streams import derived_seed
from difficulty.saved_runs.augmented_images import AugmentedImages
from difficulty.saved_runs.options import pass_arguments
from difficulty.saved_runs.runs import SavedRun, open_runs
from difficulty.scores.augmentation_sensitivity import AUGMENTATION_SENSITIVITY, divergence, margins
from difficulty.scores.collect import RUN_SCORES
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import write_table
from difficulty.training.checkpoints import saved_epochs
from difficulty.training.passes import predict_logits
from difficulty.training.targets import targets_of

logger = logging.getLogger("difficulty")


def main(args):
    parts = []
    for run in open_runs(args, args.checkpoints):
        columns = {"example_id": run.example_ids, "run": run.checkpoints.parent.name, "role": run.roles}
        scores = pd.DataFrame({**columns, **of_copies(run)})
        means = scores.groupby("role")["augmentation_sensitivity"].mean()
        logger.info("%s: mean %s", run.name, ", ".join(f"{role} {mean:.4f}" for role, mean in means.items()))
        parts.append(scores)
    table = pd.concat(parts).sort_values(["run", "example_id"], kind="stable")
    write_table(table, args.output, RUN_SCORES.extended(AUGMENTATION_SENSITIVITY), provenance(args, WITH_TORCH))


def of_copies(run: SavedRun) -> dict[str, np.ndarray]:
    """The columns of AUGMENTATION_SENSITIVITY, means over the copies of each image, (N,).

    settings of the run: augmentation and draws, too.
    """
    settings, network = run.settings, run.network(saved_epochs(run.checkpoints)[-1])
    data = run.labelled(network, targets_of(run.labels))
    plain, draws = predict_logits(network.model, data, settings), settings["draws"]
    labels = run.labels["label"].to_numpy()
    progress = run.progress("augmented copies", draws * len(plain))
    sums = {name: np.zeros(len(plain)) for name in AUGMENTATION_SENSITIVITY}
    for number in range(draws):
        seed = derived_seed(run.run.seed, "augmentation sensitivity", number)
        copies = AugmentedImages.of(data, settings["augmentation"], seed)
        logits = predict_logits(network.model, copies, settings)
        sums["augmentation_sensitivity"] += divergence(plain, logits)
        sums["view_margin"] += margins(logits, labels)
        progress.update(len(plain))
    return {name: total / draws for name, total in sums.items()}


if __name__ == "__main__":
    parser = pass_arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="folder of every run")
    required_paths(parser, "labels", "pixels", "files", "output")
    run_stage(main, parser)
