"""Takes over networks that were trained elsewhere as the checkpoints of a run, and records what they make of the data.

The files count as epochs 1, 2, ... in their order.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.loading import load_images, load_normalization, own_threads
from difficulty.errors import UserError
from difficulty.models.building import description, final_linear
from difficulty.models.snapshots import load_snapshot
from difficulty.progress import Progress
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.tensor_files import save_tensors
from difficulty.training.checkpoints import checkpoint_name, write_manifest
from difficulty.training.loop import TrainingData, choose_device, clean_outcomes
from difficulty.training.outcomes import group_summary, records_frame
from difficulty.training.run_tables import HISTORY, records_schema
from difficulty.training.targets import class_count, padded, targets_of


def main(args):
    settings, device = {**args.settings, "workers": args.workers}, choose_device(args.settings)
    labels = read_table(args.labels, LABELS)
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads, args.workers))
    normalization = load_normalization(args.pixels, settings.get("normalization"))
    given, split = labels["label"].to_numpy(), labels["split"].to_numpy()
    nothing, needed = torch.empty(0, dtype=torch.int64), class_count(labels)
    _, *size, channels = images.shape
    run = args.records.parent
    progress = Progress(f"{run.parent.name}/{run.name}", len(args.weights), "networks")
    records, history, checksums = [], [], {}
    _, known = load_snapshot(settings, channels, tuple(size), args.first)
    for epoch, path in enumerate(args.weights, start=1):
        model, classes = load_snapshot(settings, channels, tuple(size), path)
        if classes < needed:
            raise UserError(f"{path}: knows {classes} classes, but there are labels up to {needed - 1}")
        if classes != known:
            raise UserError(f"{path} and {args.first}: have {classes} and {known} classes; all networks need the same")
        about = description(settings, channels, size, classes, normalization.mean, normalization.std)
        checksums[epoch] = save_tensors(args.checkpoints / checkpoint_name(epoch), model.state_dict(), about)
        model.to(device, memory_format=torch.channels_last)
        data = TrainingData(images, padded(targets_of(labels), classes), nothing, normalization).to(device)
        arrays = clean_outcomes(model, data, settings)
        refuse_not_finite(arrays["loss"], labels["example_id"].to_numpy(), path)
        records.append(records_frame(arrays, labels["example_id"], given, split, epoch))
        for group in ("train", "test"):
            if (members := split == group).any():
                summary = group_summary(arrays, members)
                history.append({"epoch": epoch, "group": group, **summary, "learning_rate": np.nan})
        progress.update(1, Path(path).name)
    scale, bias = getattr(model, "output_scale", 1.0), final_linear(model).bias is not None
    facts = provenance(
        args, ("torch", "numpy", "pandas", "pyarrow"), output_scale=scale, output_bias=bias, source="clean"
    )
    table = pd.concat(records)
    write_table(table, args.records, records_schema(table), facts, rows_per_group=len(labels))
    write_table(pd.DataFrame(history), args.history, HISTORY, facts)
    write_manifest(args.checkpoints, checksums, facts)


def refuse_not_finite(loss: np.ndarray, example_id: np.ndarray, path: Path) -> None:
    """Raises UserError if a network's outputs overflow; loss and example_id are (N,)."""
    if (wrong := ~np.isfinite(loss)).any():
        raise UserError(
            f"{path}: outputs are not finite for {wrong.sum():,} of {len(loss):,} examples, first "
            f"{example_id[wrong][0]}; are architecture and normalization those of its training?"
        )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1, help="those of the workers included")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode images which are in files")
    parser.add_argument("--weights", type=Path, nargs="+", required=True, help="in the order of training")
    parser.add_argument("--first", type=Path, required=True, help="weights of the first run's first network")
    for name in ("labels", "pixels", "files", "records", "history", "checkpoints"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    run_stage(main, parser)
