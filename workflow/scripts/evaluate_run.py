"""Evaluates a run's saved weights: its own data by role, further data sets by their test split.

The last checkpoint; all of them on the own data where records are online, since the history then lacks the test split.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.files import check_files
from difficulty.datasets.images import take
from difficulty.datasets.label_sets import has_label_sets, set_class_names
from difficulty.datasets.loading import load_images, own_threads
from difficulty.errors import UserError
from difficulty.models.building import final_linear
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.checkpoints import saved_epochs
from difficulty.training.evaluation import evaluate, labels_by_name
from difficulty.training.loop import TrainingData, choose_device
from difficulty.training.prediction import saved_network
from difficulty.training.run_tables import EVALUATION
from difficulty.training.runs import Run, roles
from difficulty.training.targets import padded, set_targets_by_name, targets_of


def main(args):
    settings = {**args.settings, "workers": args.workers}
    device = choose_device(settings)
    given = read_table(args.labels, LABELS)
    own = read_table(args.examples[0], EXAMPLES)
    run = Run.from_name(args.checkpoints.parent.name)
    role = roles(given, run, args.settings.get("folds"))
    epochs = saved_epochs(args.checkpoints)
    tables = []
    for examples_path, pixels_path, files_path in zip(args.examples, args.pixels, args.files, strict=True):
        dataset = examples_path.parent.name
        is_own = examples_path == args.examples[0]
        if is_own:
            labels = targets_of(given)
            groups = {name: role == name for name in ("train", "validation", "test")}
        else:
            examples = read_table(examples_path, EXAMPLES)
            labels = labels_in_numbering_of(own, examples, dataset)
            groups = {"test": (examples["split"] == "test").to_numpy()}
            if not groups["test"].any():
                raise UserError(f"{dataset}: has no test split to evaluate on; take it out of `evaluations`")
        check_files(files_path)
        _, images = load_images(pixels_path)
        torch.set_num_threads(own_threads(images, args.threads, args.workers))
        kept = np.flatnonzero(np.any(list(groups.values()), axis=0))
        groups = {name: members[kept] for name, members in groups.items()}
        for epoch in epochs if is_own and args.settings["records"] == "online" else epochs[-1:]:
            network = saved_network(args.checkpoints, epoch, device)
            network.check_images(images, dataset)
            nothing = torch.empty(0, dtype=torch.int64)
            given_labels = padded(labels[kept], final_linear(network.model).out_features)
            data = TrainingData(take(images, kept), given_labels, nothing, network.normalization)
            rows = evaluate(network.model, data.to(device), groups, settings)
            tables.append(rows.assign(dataset=dataset, epoch=np.int32(epoch)))
    write_table(pd.concat(tables), args.output, EVALUATION, provenance(args, ("torch", "numpy", "pandas", "pyarrow")))


def labels_in_numbering_of(own: pd.DataFrame, examples: pd.DataFrame, dataset: str) -> torch.Tensor:
    """Targets of another data set's examples for a network of one's own; both have label sets, or neither."""
    if has_label_sets(own):
        return set_targets_by_name(examples, set_class_names(examples), set_class_names(own), dataset)
    return labels_by_name(examples, class_names(own), dataset)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1, help="those of the workers included")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode images which are in files")
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--examples", type=Path, nargs="+", required=True, help="the own data set's first")
    parser.add_argument("--pixels", type=Path, nargs="+", required=True, help="in the order of --examples")
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="in the order of --examples")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
