"""Extraction of input gradients against its arithmetic limit, and against one image at a time.

Compared, on one thread of one process and in turns, for ResNet-9 of width 64 on 32 x 32 images and for ResNet-18 on
224 x 224 images: the library's extraction to a table of half-precision maps; the limit, which is one forward and one
input-backward pass of the same batches by the network as it is, frozen and in evaluation mode, with nothing computed
on or stored; the same of the network with batch norm folded into the convolutions, which the library uses; and a loop
over single images in the way of the script that was published with VoG: one forward pass for the prediction, one more
and a backward pass for the gradient, one .npy file per image. Goal: at most 1.10 times the limit.

Then the bytes per image and checkpoint, and with --memory the peak memory of the streaming mode for 50,000 images of
32 x 32 and 9 checkpoints (goal: under 1.5 GiB). On a machine with CUDA, --device cuda adds what bfloat16 does to VoG.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from measuring import in_turns, show, time_function
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.datasets.loading import Normalization, batch_size
from difficulty.models.building import build_model
from difficulty.models.inference import inference_copy
from difficulty.scores.vog.gradient_maps import maps_writer
from difficulty.scores.vog.gradient_passes import gradient_batches
from difficulty.scores.vog.tables import stage_rows

NORMALIZATION = Normalization((0.5,) * 3, (0.25,) * 3)
NETWORKS = {
    "resnet9": ({"architecture": "resnet9", "width": 64}, 32, 10, 256),
    "resnet18": ({"architecture": "resnet18", "stem": "imagenet"}, 224, 1000, 40),
}


def network(settings: dict, size: int, classes: int, device: torch.device, seed: int = 0) -> torch.nn.Module:
    model = build_model(settings, 3, (size, size), classes, seed).eval().requires_grad_(False)
    return model.to(device, memory_format=torch.channels_last)


def random_images(count: int, size: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    draws = np.random.default_rng(0)
    images = torch.from_numpy(draws.integers(0, 256, (count, size, size, 3), np.uint8))
    return images, torch.from_numpy(draws.integers(0, classes, count))


def extraction(model, images, labels, device, folder: Path) -> Path:
    """As the stage does it."""
    path = folder / "epoch-1.parquet"
    with maps_writer(path, tuple(images.shape[1:3]), {}) as write:
        for rows, passes in gradient_batches([model], images, np.arange(len(images)), labels, NORMALIZATION, device):
            maps, *predictions = (values.cpu().numpy() for values in next(passes))
            write(rows, *predictions, maps)
    return path


def limit(model, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
    """What extraction cannot do without."""
    for inputs, labels in batches:
        inputs = inputs.detach().requires_grad_(True)
        torch.autograd.grad(model(inputs).gather(1, labels[:, None]).sum(), inputs)
    synchronize(inputs.device)


def single_images(model, inputs: torch.Tensor, labels: torch.Tensor, folder: Path) -> None:
    """One image at a time, one file each."""
    for number, (image, label) in enumerate(zip(inputs, labels, strict=True)):
        with torch.no_grad():
            model(image[None]).argmax()
        image = image[None].clone().requires_grad_(True)
        logits = model(image)
        (gradient,) = torch.autograd.grad(logits[0, label], image)
        np.save(folder / f"{number}.npy", gradient[0].cpu().numpy())


def batches_of(images, labels, device) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The inputs of the library's own batches."""
    size = batch_size(*images.shape[1:3], device)
    return [
        (NORMALIZATION(rows.permute(0, 3, 1, 2).to(device)), own.to(device))
        for rows, own in zip(images.split(size), labels.split(size), strict=True)
    ]


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def compare(name: str, device: torch.device, repeats: int, scale: int) -> None:
    settings, size, classes, count = NETWORKS[name]
    model = network(settings, size, classes, device)
    images, labels = random_images(count * scale, size, classes)
    batches, folded = batches_of(images, labels, device), inference_copy(model).eval()
    few = 16
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        one_by_one = torch.cat([inputs for inputs, _ in batches])[:few]
        measurements = {
            "limit": lambda: limit(model, batches),
            "limit, batch norm folded": lambda: limit(folded, batches),
            "extraction": lambda: extraction(model, images, labels, device, folder),
            f"single images (first {few})": lambda: single_images(model, one_by_one, labels[:few].to(device), folder),
        }
        timed = {key: lambda each=each: time_function(each) for key, each in measurements.items()}
        durations = in_turns(timed, repeats)
        print(f"\n{name}, {len(images)} images of {size} x {size}, {device}, repeats: {repeats}")
        show(durations, "limit")
        per_image = {key: min(one.wall for one in several) for key, several in durations.items()}
        single = per_image.pop(f"single images (first {few})") / few
        ours = per_image["extraction"] / len(images)
        print(f"wall milliseconds per image: {1000 * ours:.2f}, single images {1000 * single:.2f}: {single / ours:.2f}")
        stored = extraction(model, images, labels, device, folder).stat().st_size / len(images)
        print(f"bytes per image and checkpoint: {stored:.0f}, {stored / (4 * size * size):.3f} of 4 x pixels")


def stream(width: int, count: int, checkpoints: int, device: torch.device) -> None:
    """Prints seconds and peak memory of the streaming mode, of this process from its start."""
    settings = {"architecture": "resnet9", "width": width}
    models = [network(settings, 32, 10, device, seed) for seed in range(checkpoints)]
    images, labels = random_images(count, 32, 10)
    stages, started = {"complete": list(range(checkpoints))}, time.perf_counter()
    for rows, passes in gradient_batches(models, images, np.arange(count), labels, NORMALIZATION, device):
        stage_rows(stages, rows, ((number, *result) for number, result in enumerate(passes)))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"streaming, width {width}, {count} images x {checkpoints} checkpoints: {seconds:.0f} s, peak {peak:.2f} GiB")


def compare_precisions(device: torch.device, count: int = 2048, checkpoints: int = 5) -> None:
    """What bfloat16 does to VoG, over checkpoints of different weights."""
    models = [network(NETWORKS["resnet9"][0], 32, 10, device, seed) for seed in range(checkpoints)]
    images, labels = random_images(count, 32, 10)
    vog = {}
    for precision in ("float32", "bfloat16"):
        batches = gradient_batches(models, images, np.arange(count), labels, NORMALIZATION, device, precision)
        parts = [
            stage_rows({"s": list(range(checkpoints))}, r, ((n, *p) for n, p in enumerate(passes)))
            for r, passes in batches
        ]
        vog[precision] = np.concatenate([part["vog"].to_numpy() for part in parts])
    slope = np.polyfit(vog["float32"], vog["bfloat16"], 1)[0]
    rank = spearmanr(vog["float32"], vog["bfloat16"]).statistic
    print(f"bfloat16 against float32: Spearman {rank:.5f}, slope {slope:.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--scale", type=int, default=1, help="times as many images")
    parser.add_argument("--memory", type=int, metavar="WIDTH", help="only the streaming mode, with this width")
    parser.add_argument("--images", type=int, default=50_000, help="of --memory")
    args = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(args.device)
    if args.memory:
        stream(args.memory, args.images, 9, device)
        return
    for name in NETWORKS:
        compare(name, device, args.repeats, args.scale)
    if device.type == "cuda":
        compare_precisions(device)


if __name__ == "__main__":
    main()
