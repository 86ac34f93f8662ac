"""Networks, images and explicit gradients for the tests of influence scores."""

from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

from difficulty.models.building import build_model
from difficulty.scores.influence.layer_passes import summed_loss
from difficulty.scores.influence.scoring import Damping

ORACLE = Path(__file__).parents[1] / "reference" / "influence_oracle.safetensors"
TRAIN, QUERIES = 160, 12
STRATEGIES = ["identity", "diagonal", "kfac", "ekfac"]
EXACT = 1e-9  # float64 with eigenvectors, relative to the largest value
STORED = 1e-6  # float32 in which scores are stored, relative to the largest value
SAME = 1e-4  # float32 in another order of summing, relative to the largest value
DAMPING = Damping(relative=0.1)


def assert_close(found, expected, tolerance=STORED):
    found = found.double()
    torch.testing.assert_close(found, expected.double(), rtol=0, atol=tolerance * expected.abs().max().item())


def oracle_images() -> tuple[torch.Tensor, torch.Tensor]:
    """Handwritten digits (1797, 1, 16, 16), each pixel twice in both directions, and their labels."""
    digits = load_digits()
    images = torch.from_numpy(digits.images[:, None] / 8 - 1).float()
    return images.repeat_interleave(2, 2).repeat_interleave(2, 3), torch.from_numpy(digits.target)


def oracle_network() -> nn.Module:
    """An untrained ResNet-9 for these images, in evaluation mode."""
    return build_model({"architecture": "resnet9", "width": 4}, 1, (16, 16), 10, seed=0).eval()


def batched(images: torch.Tensor, labels: torch.Tensor, size: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(zip(images.split(size), labels.split(size), strict=True))


class Varied(nn.Module):
    """Every kind of layer that is tracked, on images (B, 2, 9, 9), in five classes.

    ReLU works in place; `twice` runs two times in a pass, on images of different sizes; `mixed` sees each pixel as a
    position of a sequence.
    """

    def __init__(self) -> None:
        super().__init__()
        self.strided = nn.Conv2d(2, 6, 3, stride=2, padding=1)
        self.grouped = nn.Conv2d(6, 6, 3, padding="same", groups=3, bias=False)
        self.dilated = nn.Conv2d(6, 4, (2, 3), padding=(1, 2), dilation=(1, 2))
        self.twice = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.mixed = nn.Linear(4, 3)
        self.plain = nn.Linear(3 * 4, 5, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.relu(self.strided(images))
        hidden = self.dilated(self.relu(self.grouped(hidden)) + hidden)
        hidden = self.twice(self.pool(self.twice(hidden)).tanh())
        return self.plain(self.mixed(hidden.flatten(2).mT).tanh().flatten(1))


def varied_network(dtype: torch.dtype = torch.float64) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Varied().to(dtype).eval()


def varied_data(count: int = 12, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    draws = torch.Generator().manual_seed(1)
    images = torch.randn(count, 2, 9, 9, generator=draws, dtype=torch.float64).to(dtype)
    return images, torch.randint(0, 5, (count,), generator=draws)


def explicit_gradients(model, layers, images, labels, objective=summed_loss) -> dict[str, torch.Tensor]:
    """Layer -> gradients (groups, N, outputs, inputs) by autograd, one example at a time, in the library's order."""
    found = {layer.name: [] for layer in layers}
    for image, label in zip(images, labels, strict=True):
        parameters = {}
        for layer in layers:
            module = model.get_submodule(layer.name)
            parameters[layer.name] = [module.weight, *([module.bias] if layer.bias else [])]
        flat = [parameter for several in parameters.values() for parameter in several]
        gradients = iter(torch.autograd.grad(objective(model(image[None]), label[None]), flat))
        for layer in layers:
            weight = next(gradients)
            if layer.kind == "conv2d":
                weight = weight.permute(0, 2, 3, 1)
            matrix = weight.reshape(layer.groups, layer.outputs, -1)
            if layer.bias:
                bias = next(gradients).reshape(layer.groups, layer.outputs, 1)
                matrix = torch.cat([matrix, bias], 2)
            found[layer.name].append(matrix)
    return {name: torch.stack(several, 1) for name, several in found.items()}
