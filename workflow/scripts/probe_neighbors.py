"""Nearest training examples of a run's examples by their activations, at every probe of the network."""

import logging

import numpy as np
import torch

from difficulty.datasets.loading import batch_size, image_batches
from difficulty.models.probing import Probes, probe_points
from difficulty.saved_runs.networks import SavedNetwork
from difficulty.saved_runs.options import run_arguments
from difficulty.saved_runs.runs import SavedRun, open_run
from difficulty.scores.depth.activations import Activations, distinct_probes, memory_beside
from difficulty.scores.depth.bank import sampled_bank
from difficulty.scores.depth.probe_queries import Queries, probed_neighbors
from difficulty.scores.depth.projection import ReducedProbes
from difficulty.scores.depth.tables import neighbor_rows, neighbors_schema
from difficulty.scores.shards import epoch_of, shard_of, shard_rows
from difficulty.stage import WITH_TORCH, provenance, run_stage, warn
from difficulty.table_parts import table_writer

logger = logging.getLogger("difficulty")

_COMPARED = 16  # images by which probes that give the same are found


def main(args):
    run, settings = open_run(args, check=False), args.settings
    network = run.network(epoch_of(args.output))
    wanted = shard_rows(run.labels["split"].to_numpy(), settings["splits"], shard_of(args.output), settings["shards"])
    training, labels = np.flatnonzero(run.roles == "train"), run.labels["label"].to_numpy()
    queries = Queries.of(sampled_bank(training, labels, settings.get("bank")), wanted)
    run.check_files(queries.needed)
    memory = memory_beside(run.images, args.memory)
    points = probe_points(settings["architecture"], network.model, settings.get("probes"))
    probes = ReducedProbes(Probes(network.model, points), settings["numbers"])
    activations, same = compared_activations(run, network, probes, queries, memory)
    ids, bank_ids = run.example_ids[queries.all], run.example_ids[queries.bank]
    k = min(settings["k_max"], len(bank_ids) - 1)
    progress = run.progress("neighbours", len(ids) * len(bank_ids) * len(same), "pairs")
    facts = provenance(args, WITH_TORCH, probes=probes.names)
    with table_writer(args.output, neighbors_schema(k), facts, ["distances.list.element"]) as write:
        found = probed_neighbors(activations, queries, k, memory, args.output.parent, progress.update)
        for name, indices, distances in found:
            predicted = queries.predicted(activations.predicted.cpu().numpy())
            for number in map(probes.names.index, same[name]):
                write(neighbor_rows(number, ids, predicted, bank_ids[indices], distances))
    logger.info("%d examples, %d nearest of %d, at %s", len(ids), k, len(bank_ids), ", ".join(probes.names))


def compared_activations(
    run: SavedRun, network: SavedNetwork, probes: ReducedProbes, queries: Queries, memory: int
) -> tuple[Activations, dict[str, list[str]]]:
    """Activations of all images that are needed, and probe -> itself and later ones that give the same."""
    images, device = run.images_on_device(), run.device
    needed = torch.from_numpy(queries.needed).to(device)

    def batches(rows, size):
        return map(network.normalization, image_batches(images, rows.split(size), device, run.workers))

    few = torch.cat(list(batches(needed[:_COMPARED], _COMPARED)))
    dimensions, same = distinct_probes(probes, few)
    for name, names in same.items():
        if names[1:]:
            logger.info("%s: the same activations as %s, compared once", ", ".join(names[1:]), name)
    for line in probes.remarks(dimensions):
        warn(line)
    size = max(1, min(batch_size(*images.shape[1:3], device), memory // (32 * sum(probes.lengths.values()))))
    bank = len(queries.bank)
    return Activations(probes, dimensions, lambda: batches(needed, size), len(needed), bank, device), same


if __name__ == "__main__":
    parser = run_arguments(__doc__, "epoch-5.parquet, or epoch-5-shard-1.parquet")
    parser.add_argument("--memory", type=int, default=2000, help="MiB for images, activations and comparing them")
    run_stage(main, parser)
