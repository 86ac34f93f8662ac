"""Nearest training examples of a run's examples in what its network makes of them, at every probe of the network."""

import logging

import numpy as np
import pyarrow as pa
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.loading import batch_size, image_batches, load_images, own_threads
from difficulty.errors import UserError
from difficulty.models.probing import Probes, probe_points
from difficulty.progress import Progress
from difficulty.scores.activations import Activations, distinct_probes
from difficulty.scores.probe_queries import Queries, probed_neighbors
from difficulty.scores.probe_tables import neighbors_schema
from difficulty.scores.shards import epoch_of, shard_of, shard_rows
from difficulty.stage import provenance, run_stage
from difficulty.table_parts import table_writer
from difficulty.tables import read_table
from difficulty.training.loop import choose_device
from difficulty.training.network_command import network_arguments
from difficulty.training.prediction import saved_network
from difficulty.training.runs import Run, roles

logger = logging.getLogger("difficulty")

_COMPARED = 16  # images by which probes that give the same are found


def main(args):
    settings, device = args.settings, choose_device(args.settings)
    labels = read_table(args.labels, LABELS)
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads, args.workers))
    network = saved_network(args.checkpoints, epoch_of(args.output), device)
    network.check_images(images, args.pixels)
    run = args.checkpoints.parent.name
    split = labels["split"].to_numpy()
    role = roles(labels, Run.from_name(run), settings.get("folds"))
    wanted = shard_rows(split, settings["splits"], shard_of(args.output), settings["shards"])
    queries = Queries.of(np.flatnonzero(role == "train"), wanted)

    probes = Probes(network.model, probe_points(settings["architecture"], network.model, settings.get("probes")))
    in_memory = isinstance(images, torch.Tensor)
    memory = (args.memory << 20) - (images.nbytes if in_memory else 0)
    if memory < args.memory << 19:
        least = (2 * images.nbytes >> 20) + 1
        raise UserError(f"analyses.prediction_depth.memory: images alone take half of {args.memory} MiB; set {least}")
    images = images.to(device) if in_memory else images
    needed = torch.from_numpy(queries.needed).to(device)

    def batches(size):
        return map(network.normalization, image_batches(images, needed.split(size), device, args.workers))

    few = torch.cat([network.normalization(each) for each in image_batches(images, [needed[:_COMPARED]], device)])
    dimensions, same = distinct_probes(probes, few)
    for name, names in same.items():
        if names[1:]:
            logger.info("%s: the same activations as %s, compared once", ", ".join(names[1:]), name)
    size = max(1, min(batch_size(*images.shape[1:3], device), memory // (32 * sum(dimensions.values()))))
    activations = Activations(probes, dimensions, lambda: batches(size), len(needed), len(queries.bank), device)
    example_ids = labels["example_id"].to_numpy()
    ids, bank_ids = example_ids[queries.all], example_ids[queries.bank]
    k = min(settings["k_max"], len(bank_ids) - 1)
    progress = Progress(
        f"{args.checkpoints.parent.parent.name}/{run} neighbours",
        len(ids) * len(bank_ids) * len(dimensions),
        "pairs",
    )
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"), probes=probes.names)
    with table_writer(args.output, neighbors_schema(k), facts, ["distances.list.element"]) as write:
        found = probed_neighbors(activations, queries, k, memory, args.output.parent, progress.update)
        for name, indices, distances in found:
            predicted = queries.predicted(activations.predicted.cpu().numpy()).astype(np.int32)
            for number in map(probes.names.index, same[name]):
                write(
                    {
                        "example_id": ids,
                        "probe": np.full(len(ids), number, np.int16),
                        "predicted": predicted,
                        "neighbors": pa.FixedSizeListArray.from_arrays(pa.array(bank_ids[indices].ravel()), k),
                        "distances": pa.FixedSizeListArray.from_arrays(pa.array(distances.ravel()), k),
                    }
                )
    logger.info("%d examples, %d nearest of %d, at %s", len(ids), k, len(bank_ids), ", ".join(probes.names))


if __name__ == "__main__":
    parser = network_arguments(__doc__, "epoch-5.parquet, or epoch-5-shard-1.parquet")
    parser.add_argument("--memory", type=int, default=2000, help="MiB for images, activations and comparing them")
    run_stage(main, parser)
