"""Trains the network of one run; writes its records, history, steps, timing and checkpoints."""

import hashlib
import sys
from pathlib import Path

import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.loading import load_images, load_normalization, own_threads
from difficulty.errors import UserError
from difficulty.models.building import build_model, description, final_linear
from difficulty.progress import Progress
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training import assembly
from difficulty.training.checkpoint_epochs import checkpoint_epochs
from difficulty.training.checkpoints import write_manifest
from difficulty.training.loop import TrainingData, choose_device, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.processes import Processes, run_together
from difficulty.training.run_tables import HISTORY, STEPS, TIMING, records_schema
from difficulty.training.runs import Run, roles
from difficulty.training.targets import class_count, targets_of


def main(args):
    run_together(train_run, args, args.settings.get("gpus", 1), args.log)


def train_run(args, processes):
    settings, folder = {**args.settings, "workers": args.workers}, args.records.parent
    run = Run.from_name(folder.name)
    labels = read_table(args.labels, LABELS)
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads // processes.count, args.workers))
    role = roles(labels, run, settings.get("folds"))
    classes = class_count(labels)
    if classes < 2:
        raise UserError(f"{args.labels}: one class only; there is nothing to learn")
    normalization = load_normalization(args.pixels, settings.get("normalization"))
    _, *size, channels = images.shape
    model = build_model(settings, channels, tuple(size), classes, run.seed)
    facts = provenance(
        args,
        ("torch", "numpy", "pandas", "pyarrow"),
        run=folder.name,
        threads=torch.get_num_threads(),
        device=device_name(settings),
        output_scale=getattr(model, "output_scale", 1.0),
        output_bias=final_linear(model).bias is not None,
    )
    weights = [Path(settings["weights"])] if Path(settings.get("weights", "")).suffix else []
    inputs = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (args.labels, args.pixels, *weights)]
    partial = open_partial(folder / ".partial", {**facts, "inputs": inputs}, processes)
    train_rows = torch.from_numpy((role == "train").nonzero()[0])
    data = TrainingData(images, targets_of(labels), train_rows, normalization)
    about = description(settings, channels, size, classes, normalization.mean, normalization.std)
    epochs_before = max(partial.epoch, 0)  # by a process that was interrupted
    progress = Progress(
        f"{folder.parent.name}/{folder.name}",
        settings["epochs"] * len(train_rows),
        done=epochs_before * len(train_rows),
    )
    report = progress.update if processes.is_first else lambda amount, note: None
    train(model, data, settings, run.seed, partial, about, report, processes)
    if processes.is_first:
        write_run(args, partial, facts, labels, role)


def open_partial(folder: Path, key: dict, processes: Processes) -> PartialRun:
    """The unfinished run, which the first process opens for all."""
    if processes.is_first:
        partial = PartialRun(folder, key)
    processes.wait()
    if not processes.is_first:
        partial = PartialRun(folder, key, writes=False)
    processes.wait()
    return partial


def write_run(args, partial: PartialRun, facts: dict, labels, role) -> None:
    """Tables and checkpoints of the finished run."""
    settings, name = args.settings, f"{args.records.parent.parent.name}/{args.records.parent.name}"
    epochs = settings["epochs"]
    main_source = "online" if settings["records"] == "online" else "clean"
    other = "online" if settings["records"] == "both" else "none"
    for path, source in ((args.records, main_source), (args.online_records, other)):
        table = assembly.records(partial, source, labels, role, epochs)
        schema, rows = records_schema(table), max(len(labels), 1)
        write_table(table, path, schema, {**facts, "source": source}, rows_per_group=rows)
    history = assembly.history(partial, main_source, labels, role, epochs, settings.get("train_sample"))
    write_table(history, args.history, HISTORY, facts)
    write_table(assembly.steps(partial, epochs), args.steps, STEPS, facts)
    write_table(assembly.timing(partial, epochs), args.timing, TIMING, facts)
    checksums = partial.publish(args.checkpoints, checkpoint_epochs(settings))
    write_manifest(args.checkpoints, checksums, facts)
    partial.remove()
    final = history[history["epoch"] == epochs].set_index("group")["top1"]
    scores = ", ".join(f"{group} {value:.1%}" for group, value in final.items())
    measure = "exact match" if has_label_sets(labels) else "accuracy"
    print(f"{name}: {measure} after {epochs} epochs: {scores}", file=sys.stderr)


def device_name(settings) -> str:
    """cpu, or the name of the GPU: results are bit-identical on one kind of machine."""
    device = choose_device(settings)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1, help="those of the workers included")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode images which are in files")
    for name in ("labels", "pixels", "files", "records", "online-records", "history", "steps", "timing", "checkpoints"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    run_stage(main, parser)
