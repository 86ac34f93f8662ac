"""The toy experiment of variance of gradients: points, two small networks, and their gradients as they learn.

Agarwal, D'souza, Hooker 2022, "Estimating example difficulty using variance of gradients", arXiv 2008.11600. Two of
three blobs make up one class. A network learns by full-batch gradient descent, and after each update the gradient by
the two coordinates is taken at every point.

The published script differs from the method in four ways, which `learn_as_published` keeps: its network is linear; it
differentiates the softmax probability; it never empties the buffer that gradients are added to; and where it measures
the points that it trains on, the gradient of the training loss falls into the same buffer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from sklearn.datasets import make_blobs
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from difficulty.random_streams import derived_seed

_POINTS, _TRAINED, _SPREAD = 500, 450, 2
_CLASSES = 2
_PUBLISHED_SEED = 0
_LANES = 4  # numbers of single precision in the 16 bytes of an SSE register

# What is differentiated: a function of logits (N, C), of whose result the column of the label counts.
Target = Callable[[Tensor], Tensor]


def _logits(outputs: Tensor) -> Tensor:
    return outputs


def _probabilities(outputs: Tensor) -> Tensor:
    return torch.softmax(outputs, 1)


TARGETS: dict[str, Target] = {"logit": _logits, "probability": _probabilities}


@dataclass(frozen=True)
class Blobs:
    """points: float32 (N, 2). blobs: int64 (N,), 0 to 2. labels: int64 (N,), 0 of blob 0 and 1 of both others.

    is_train: bool (N,), the first 450.
    """

    points: np.ndarray
    blobs: np.ndarray
    labels: np.ndarray
    is_train: np.ndarray


@dataclass(frozen=True)
class Learned:
    """What became of one network.

    gradients: float (T, N, 2), after each of T updates. correct: bool (T, N), whether the label was predicted.
    difference: logit of class 1 less that of class 0, float64 (M,), of points (M, 2), after the last update.
    """

    gradients: np.ndarray
    correct: np.ndarray
    difference: Callable[[np.ndarray], np.ndarray]


def draw_blobs(seed: int) -> Blobs:
    """500 points of three Gaussian blobs of standard deviation 2 in the plane."""
    points, blobs = make_blobs(_POINTS, n_features=2, cluster_std=_SPREAD, random_state=seed)
    is_train = np.arange(_POINTS) < _TRAINED
    return Blobs(points.astype(np.float32), blobs.astype(np.int64), np.minimum(blobs, 1).astype(np.int64), is_train)


def relu_network(hidden: int, seed: int) -> nn.Module:
    """One hidden layer of rectified units, in double precision: no difference between points comes of rounding."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(seed, "vog_toy"))
        network = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, _CLASSES))
    return network.double()


class _Affine(torch.autograd.Function):
    """What a linear layer computes from x (N, K), weight (M, K), bias (M,), the products added in a fixed order:
    forward by lanes, backward one after the other.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _summed_by_lanes(x[:, :, None] * weight.T) + bias

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        of_x = reduce(torch.add, gradient.T[:, :, None] * weight[:, None])
        of_weight = torch.tensor(np.cumsum((gradient[:, :, None] * x[:, None]).numpy(), axis=0)[-1])
        return of_x, of_weight, gradient.sum(0)


class _PublishedLinear(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return _Affine.apply(x, self.weight, self.bias)


def published_network(hidden: int) -> nn.Module:
    """Two linear layers and nothing between, in single precision; normal weights, drawn from seed 0 for each.

    Rounding to single precision moves the published z-scores by up to 1e-5, since logits reach 10 and more. In which
    order products are added decides how, and a library for linear algebra picks that by processor. These layers add as
    SSE kernels do. That order was inferred from numbers that the published script gave, and gives them to the last bit.
    """
    network = nn.Sequential(_PublishedLinear(2, hidden), _PublishedLinear(hidden, _CLASSES))
    for layer in network:
        nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(_PUBLISHED_SEED))
        nn.init.zeros_(layer.bias)
    return network


def learn(network: nn.Module, blobs: Blobs, learning_rate: float, epochs: int, target: Target = _logits) -> Learned:
    """Trains on the training points; takes the gradient of the label's target at all points after each update."""
    points, labels = _tensors(network, blobs.points, blobs.labels)
    gradients, correct = [], []
    for _ in _updates(network, points[blobs.is_train], labels[blobs.is_train], learning_rate, epochs):
        measured = points.clone().requires_grad_(True)
        outputs = network(measured)
        (gradient,) = torch.autograd.grad(_of_labels(target(outputs), labels).sum(), measured)
        gradients.append(gradient)
        correct.append(outputs.argmax(1) == labels)
    return Learned(torch.stack(gradients).numpy(), torch.stack(correct).numpy(), _difference(network))


def learn_as_published(blobs: Blobs, hidden: int, learning_rate: float, epochs: int) -> Learned:
    """The same as the published script does it: gradients that add up over epochs; training points measured in one
    run, test points in another.
    """
    parts = []
    for rows in (blobs.is_train, ~blobs.is_train):
        network = published_network(hidden)
        trained, targets = _tensors(network, blobs.points[blobs.is_train], blobs.labels[blobs.is_train])
        measured, labels = _tensors(network, blobs.points[rows], blobs.labels[rows])
        if rows is blobs.is_train:
            measured = trained  # one tensor, one buffer: from the second update on, the loss adds its gradient, too
        gradients, correct = np.empty((epochs, *measured.shape)), np.empty((epochs, len(labels)), bool)
        for epoch in _updates(network, trained, targets, learning_rate, epochs):
            measured.requires_grad_(True)
            outputs = network(measured)
            _of_labels(_probabilities(outputs), labels).sum().backward()
            gradients[epoch], correct[epoch] = measured.grad, outputs.argmax(1) == labels
        parts.append((rows, gradients, correct))
    return Learned(*_in_order(parts), _difference(network))


def _summed_by_lanes(products: Tensor) -> Tensor:
    """Sums (N, M) of products (N, K, M) over K, as by SSE on rows of single precision that lie one after another.

    Four sums run side by side, over every fourth product from the row's first 16-byte boundary on. Products before the
    boundary begin the first of them; those left over at the end are added last.
    """
    count, width, _ = products.shape
    before_boundary = (-width * torch.arange(count) % _LANES).clamp(max=width)
    sums = torch.empty_like(products[:, 0])
    for start in before_boundary.unique().tolist():
        rows = before_boundary == start
        terms = products[rows].unbind(1)
        end = width - (width - start) % _LANES
        lanes = [terms[start + lane : end : _LANES] for lane in range(_LANES)]
        lanes[0] = terms[:start] + lanes[0]
        a, b, c, d = (reduce(torch.add, lane, torch.zeros_like(terms[0])) for lane in lanes)
        sums[rows] = reduce(torch.add, terms[end:], (a + c) + (b + d))
    return sums


def _updates(network: nn.Module, points: Tensor, labels: Tensor, learning_rate: float, epochs: int) -> Iterator[int]:
    """Gradient descent on the mean cross entropy; yields the number of each update once it is done."""
    optimizer = torch.optim.SGD(network.parameters(), lr=learning_rate)
    for epoch in range(epochs):
        optimizer.zero_grad()
        cross_entropy(network(points), labels).backward()
        optimizer.step()
        yield epoch


def _of_labels(values: Tensor, labels: Tensor) -> Tensor:
    return values.gather(1, labels[:, None])


def _tensors(network: nn.Module, points: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
    precision = next(network.parameters()).dtype
    return torch.tensor(points, dtype=precision), torch.tensor(labels)


def _difference(network: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    def difference(points: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            outputs = network(torch.tensor(points, dtype=next(network.parameters()).dtype)).double()
        return (outputs[:, 1] - outputs[:, 0]).numpy()

    return difference


def _in_order(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Gradients and predictions of all points, each part put back at its rows."""
    order = np.argsort(np.concatenate([np.flatnonzero(rows) for rows, _, _ in parts]))
    return tuple(np.concatenate(arrays, axis=1)[:, order] for arrays in list(zip(*parts, strict=True))[1:])
