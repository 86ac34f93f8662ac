"""How large networks are, and how much a pass takes: measured by a calibration, else scaled from a known one."""

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from difficulty.costs.work import Network


@dataclass(frozen=True)
class NetworkFacts:
    """Sizes of a network, and CPU or device seconds for each image.

    parameters: trainable numbers. state: numbers in a checkpoint. activations: numbers that its layers give for an
    image. layers: (inputs and bias, outputs, positions) of each linear layer and convolution. probes: numbers at each
    place where the network is probed, in the order of the forward pass. forward, gradient, step: seconds for each image
    of a pass, of one with gradients of the image, and of a step of training.
    """

    parameters: float
    state: float
    activations: float
    layers: tuple[tuple[float, float, float], ...]
    probes: tuple[float, ...]
    forward: float
    gradient: float
    step: float

    @property
    def factors(self) -> float:
        """Numbers in the Kronecker factors of all layers and their eigenvectors: of ekfac, with eigenvalues."""
        return sum(inputs**2 + outputs**2 + inputs * outputs for inputs, outputs, _ in self.layers)

    @property
    def decompositions(self) -> float:
        """Third powers of the sides of all factors, which eigendecompositions are proportional to."""
        return sum(inputs**3 + outputs**3 for inputs, outputs, _ in self.layers)


@dataclass(frozen=True)
class _Known:
    """A network of known size, for ten classes of colour images.

    width: None if it is fixed. side: of its images. parameters, products, activations, factors: millions, the second of
    multiplications for an image. layers: how many have factors. has_stems: large images are halved twice at once.
    """

    width: int | None
    side: int
    parameters: float
    products: float
    activations: float
    factors: float
    layers: int
    has_stems: bool = False


_KNOWN = {
    "lenet5": _Known(None, 32, 0.062, 0.66, 0.018, 0.295, 5),
    "net": _Known(None, 32, 0.062, 0.66, 0.015, 0.295, 5),
    "resnet9": _Known(64, 32, 2.27, 291, 0.82, 25, 9),
    "resnet18": _Known(64, 32, 11.2, 555, 1.85, 105, 21, has_stems=True),
    "resnet50": _Known(64, 32, 23.5, 1298, 9.9, 176, 54, has_stems=True),
    "vgg16": _Known(64, 32, 14.7, 314, 0.86, 142, 14, has_stems=True),
    "wrn28_10": _Known(10, 32, 36.5, 5243, 7.2, 357, 29),
    "densenet121": _Known(32, 32, 7.0, 888, 12, 109, 121, has_stems=True),
    "torchvision": _Known(None, 224, 25.6, 4087, 32, 176, 54),  # a ResNet-50
}
_GUESSED_PRODUCTS = 2e10  # a second, on one core
_PASS_OVERHEAD = 5e-5  # seconds for each image
_GRADIENT, _STEP = 2.2, 3.2  # passes that one with gradients of the images, and a step of training, take
_PROBES = 9
_LARGE = 64  # pixels, from which on an architecture with two stems has the one for large images
_STEM = 16  # how many times fewer positions there are after it
_KERNEL = 9  # inputs for each output of a layer


def guessed(network: Network) -> NetworkFacts:
    """Facts of a network that nothing was measured of, by the known one of its architecture."""
    height, width, channels = network.shape
    if network.architecture == "mlp":
        return _perceptron(network)
    known = _KNOWN.get(network.architecture, _KNOWN["torchvision"])
    wider = network.width / known.width if network.width and known.width else 1.0
    larger = height * width / known.side**2
    if known.has_stems and (network.stem or ("imagenet" if min(height, width) >= _LARGE else "")) == "imagenet":
        larger /= _STEM
    activations, products = known.activations * 1e6 * wider * larger, known.products * 1e6 * wider**2 * larger
    side = sqrt(known.factors * 1e6 / known.layers / (1 + 1 / _KERNEL + 1 / _KERNEL**2)) * wider
    layer = (side, side / _KERNEL, products / known.layers / (side**2 / _KERNEL))
    probes = (height * width * channels, *[activations / _PROBES / 3] * (_PROBES - 2), network.classes)
    seconds = products / _GUESSED_PRODUCTS + _PASS_OVERHEAD
    return _with_seconds(known.parameters * 1e6 * wider**2, activations, (layer,) * known.layers, probes, seconds)


def _perceptron(network: Network) -> NetworkFacts:
    height, breadth, channels = network.shape
    width, depth = network.width or 256, network.depth or 2
    sides = [height * breadth * channels, *[width] * depth, network.classes]
    layers = tuple((inputs + 1, outputs, 1) for inputs, outputs in pairwise(sides))
    parameters = sum(inputs * outputs for inputs, outputs, _ in layers)
    activations = sides[0] + 2 * width * depth + network.classes
    return _with_seconds(parameters, activations, layers, tuple(sides), parameters / _GUESSED_PRODUCTS + 2e-6)


def _with_seconds(parameters: float, activations: float, layers: tuple, probes: tuple, seconds: float) -> NetworkFacts:
    return NetworkFacts(
        parameters, parameters, activations, layers, probes, seconds, _GRADIENT * seconds, _STEP * seconds
    )
