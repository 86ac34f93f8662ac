"""Training with records against the bare loop.

Compared, on one thread of one process and in turns: a plain PyTorch loop, written out below, and the library's `train`
with its records, checkpoints after every epoch and state to resume from. Both train the same network on the same
images with the same augmentation, optimizer and schedule, and draw the same random numbers; that their weights are
equal in the end is checked. Goals: at most 1.40 times the CPU time with `records: clean` (a pass over all training and
test images after every epoch, with batch norm settled on 2,000 training images before), at most 1.05 with
`records: online` where no checkpoint is kept. Timed beside them: clean records with `batch_norm: running`, where
nothing is settled.

The limit of the former is the loop's time plus that of bare forward passes in evaluation mode over the same images,
whose results are neither computed on, kept nor saved. The library's own clean passes are timed beside them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from measuring import in_turns, ratios, show, spread, time_function
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.datasets.loading import Normalization
from difficulty.models.building import build_model
from difficulty.random_streams import derived_seed
from difficulty.training.augmentation import augment, draw
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.passes import clean_outcomes

CLASSES, BATCH, SEED = 10, 128, 0
RATE, WARMUP = 0.2, 0.25
AUGMENTATION = {"crop": 4, "flip": True}
OPTIMIZER = {"momentum": 0.9, "weight_decay": 5e-4}


def bare_loop(data: TrainingData, epochs: int) -> torch.nn.Module:
    """Training as one would write it for nothing but the weights."""
    model = network().to(memory_format=torch.channels_last).train()
    mean, deviation = (torch.tensor(v)[:, None, None] * 255 for v in (data.normalization.mean, data.normalization.std))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, **OPTIMIZER)
    steps = epochs * -(-len(data.train) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, steps, pct_start=WARMUP, cycle_momentum=False, final_div_factor=1e4
    )
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(data.train), generator=generator("order", epoch))
        chance = generator("augmentation", epoch)
        for rows in data.train[order].split(BATCH):
            drawn = draw(len(rows), AUGMENTATION, chance)
            images = augment(data.images[rows].permute(0, 3, 1, 2), AUGMENTATION, drawn)
            loss = functional.cross_entropy(model((images - mean) / deviation), data.labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return model


def with_records(data: TrainingData, epochs: int, records: str, **others) -> torch.nn.Module:
    """The same by the library. others: further settings."""
    settings = {
        "optimizer": {"name": "sgd", "lr": RATE, **OPTIMIZER},
        "schedule": {"name": "one_cycle", "warmup": WARMUP},
        "augmentation": AUGMENTATION,
        "epochs": epochs,
        "batch_size": BATCH,
        "drop_last": False,
        "records": records,
        "checkpoints": list(range(1, epochs + 1)),
        "device": "cpu",
        **others,
    }
    model = network()
    with tempfile.TemporaryDirectory() as folder:
        train(model, data, settings, SEED, PartialRun(Path(folder, "partial"), settings), "{}")
    return model


def forward_passes(data: TrainingData, epochs: int) -> None:
    """What the clean pass cannot do without."""
    model = network().to(memory_format=torch.channels_last).eval()
    mean, deviation = (torch.tensor(v)[:, None, None] * 255 for v in (data.normalization.mean, data.normalization.std))
    with torch.inference_mode():
        for _ in range(epochs):
            for images in data.images.split(BATCH):
                model((images.permute(0, 3, 1, 2) - mean) / deviation)


def clean_passes(data: TrainingData, epochs: int) -> None:
    """The passes over all images that `records: clean` makes."""
    model = network().to(memory_format=torch.channels_last)
    for _ in range(epochs):
        clean_outcomes(model, data, {})


def network() -> torch.nn.Module:
    """ResNet-9 of width 16, freshly initialised."""
    return build_model({"architecture": "resnet9", "width": 16}, 3, (32, 32), CLASSES, SEED)


def generator(purpose: str, epoch: int) -> torch.Generator:
    return torch.Generator().manual_seed(derived_seed(SEED, purpose, epoch))


def random_data(train_images: int, test_images: int) -> TrainingData:
    """Random colour images of 32 x 32 pixels with random labels."""
    draws, count = np.random.default_rng(0), train_images + test_images
    images = torch.from_numpy(draws.integers(0, 256, (count, 32, 32, 3), np.uint8))
    labels = torch.from_numpy(draws.integers(0, CLASSES, count))
    return TrainingData(images, labels, Normalization((0.5,) * 3, (0.25,) * 3), train=torch.arange(train_images))


def check_equal(models: dict[str, torch.nn.Module]) -> None:
    """Exits if the loops did not train the same network."""
    reference = models["bare loop"].state_dict()
    for name, model in models.items():
        for key, value in model.state_dict().items():
            if not torch.allclose(value.float(), reference[key].float(), rtol=1e-3, atol=1e-4):
                sys.exit(f"{name}: {key} differs from the bare loop's; the comparison is not fair")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--train", type=int, default=10_000, help="training images")
    parser.add_argument("--test", type=int, default=2000, help="test images")
    args = parser.parse_args()
    torch.set_num_threads(1)
    data, epochs = random_data(args.train, args.test), args.epochs
    loops = {
        "bare loop": lambda: bare_loop(data, epochs),
        "records: clean": lambda: with_records(data, epochs, "clean"),
        "records: online": lambda: with_records(data, epochs, "online", checkpoints=[]),
        "clean, running": lambda: with_records(data, epochs, "clean", batch_norm="running"),
    }
    check_equal({name: loop() for name, loop in loops.items()})
    loops |= {
        "forward passes": lambda: forward_passes(data, epochs),
        "clean passes": lambda: clean_passes(data, epochs),
    }
    measurements = {name: lambda loop=loop: time_function(loop) for name, loop in loops.items()}
    durations = in_turns(measurements, args.repeats)
    print(f"{args.train} training and {args.test} test images, epochs: {epochs}, repeats: {args.repeats}")
    show(durations, "bare loop")
    limit = [1 + ratio for ratio in ratios(durations["forward passes"], durations["bare loop"])]
    print(f"limit of records: clean: {spread(limit)}")
    beside = ratios(durations["clean passes"], durations["forward passes"])
    print(f"clean passes over forward passes: {spread(beside)}")


if __name__ == "__main__":
    main()
