"""Features of the images of a data set by a network that was trained elsewhere, on images in the size that it takes."""

import logging
import time
from pathlib import Path

import numpy as np
import torch

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.feature_tables import write_features
from difficulty.datasets.files import check_files
from difficulty.datasets.loading import batch_size, image_batches, load_normalization
from difficulty.datasets.resized_images import resized_images
from difficulty.devices import choose_device, device_name
from difficulty.errors import UserError
from difficulty.file_digests import sha256_of
from difficulty.models.feature_networks import feature_network
from difficulty.parts import Parts
from difficulty.stage import WITH_TORCH, arguments, provenance, required_paths, run_stage
from difficulty.tables import read_provenance, read_table

logger = logging.getLogger("difficulty")


def main(args):
    device, name = choose_device(args.settings), args.output.parent.name
    torch.set_num_threads(args.threads)
    check_files(args.files)
    examples = read_table(args.examples, EXAMPLES, columns=["example_id", "split", "key"])
    *own, channels = read_provenance(args.pixels)["shape"]
    network = feature_network(args.settings, channels, tuple(own))
    height, width = (network.size, network.size) if network.size else own
    images = resized_images(args.pixels, args.files, (height, width, network.channels))
    normalize = network.normalization or load_normalization(args.pixels)
    network.model.to(device, memory_format=torch.channels_last)

    facts = provenance(args, (*WITH_TORCH, "pillow", "torchvision"), device=device_name(device))
    inputs = [args.pixels, *filter(Path.is_file, [Path(args.settings.get("weights", ""))])]
    key = {**facts, "inputs": [sha256_of(path) for path in inputs], "threads": args.threads}
    with Parts(args.output, key, len(images), "images") as parts:
        before, began = parts.done, time.monotonic()
        step = batch_size(height, width, device)
        starts = range(before, len(images), step)
        progress = parts.progress(f"{name} features")
        for batch in image_batches(images, [slice(start, start + step) for start in starts], device):
            parts.add({"features": network(normalize(batch)).cpu().numpy()})
            progress.update(len(batch))
        seconds, vectors = time.monotonic() - began, parts.columns()["features"]
        require_directions(vectors, examples)
        write_features(args.output, examples["example_id"].to_numpy(), vectors, facts)
    text = "%d images of %d x %d pixels, %d features: %.1f s per 1,000 images"
    logger.info(text, len(vectors), width, height, vectors.shape[1], 1000 * seconds / max(len(vectors) - before, 1))


def require_directions(vectors: np.ndarray, examples) -> None:
    """Raises UserError naming the first image whose features are not finite, or all zeros."""
    good = np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)
    if not good.all():
        first = examples.iloc[int(np.argmin(good))]
        raise UserError(
            f"features: {(~good).sum():,} of {len(good):,} images have features that are not finite, or all zeros, the "
            f"first is {first['split']}/{first['key']}; name another layer or other weights"
        )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    required_paths(parser, "pixels", "files", "examples", "output")
    run_stage(main, parser)
