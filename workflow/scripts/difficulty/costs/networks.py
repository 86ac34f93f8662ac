"""How large networks are, and how much a pass takes: measured by a calibration, else scaled from a known one."""

from dataclasses import dataclass
from itertools import pairwise

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
    """A network of known size: its width (None: fixed), the side of its images, and millions of parameters,
    multiplications for an image, and activations; the widest factor of a layer."""

    width: int | None
    side: int
    parameters: float
    products: float
    activations: float
    widest: int


_KNOWN = {
    "lenet5": _Known(None, 32, 0.06, 0.42, 0.012, 400),
    "net": _Known(None, 32, 0.06, 0.65, 0.012, 400),
    "resnet9": _Known(64, 32, 2.27, 313, 0.4, 2304),
    "resnet18": _Known(64, 32, 11.2, 556, 0.6, 4608),
    "resnet50": _Known(64, 32, 23.5, 1300, 2.4, 4608),
    "vgg16": _Known(64, 32, 14.7, 313, 0.35, 4608),
    "wrn28_10": _Known(160, 32, 36.5, 5250, 3.5, 5760),
    "densenet121": _Known(32, 32, 7.0, 900, 2.2, 1024),
    "torchvision": _Known(None, 224, 25.6, 4100, 12, 4608),
}
_GUESSED_PRODUCTS = 2e10  # a second, on one core
_PASS_OVERHEAD = 5e-5  # seconds for each image
_GRADIENT, _STEP = 2.2, 3.2  # passes that one with gradients of the images, and a step of training, take
_LAYERS = 10


def guessed(network: Network) -> NetworkFacts:
    """Facts of a network that nothing was measured of, by the known one of its architecture."""
    height, width, channels = network.shape
    if network.architecture == "mlp":
        return _perceptron(network)
    known = _KNOWN.get(network.architecture, _KNOWN["torchvision"])
    wider = (network.width or known.width or 1) / (known.width or 1) if known.width else 1
    larger = height * width / known.side**2
    parameters, activations = known.parameters * 1e6 * wider**2, known.activations * 1e6 * wider * larger
    seconds = known.products * 1e6 * wider**2 * larger / _GUESSED_PRODUCTS + _PASS_OVERHEAD
    side = known.widest * wider
    layers = tuple((side / 2 ** (number / 2), side / 9, height * width / 16) for number in range(_LAYERS))
    probes = (height * width * channels, *[activations / _LAYERS] * (_LAYERS - 2), network.classes)
    return _with_seconds(parameters, activations, layers, probes, seconds)


def _perceptron(network: Network) -> NetworkFacts:
    height, breadth, channels = network.shape
    width, depth = network.width or 256, network.depth or 2
    sides = [height * breadth * channels, *[width] * depth, network.classes]
    layers = tuple((inputs + 1, outputs, 1) for inputs, outputs in pairwise(sides))
    parameters = sum(inputs * outputs for inputs, outputs, _ in layers)
    activations = 2 * width * depth + network.classes
    return _with_seconds(parameters, activations, layers, tuple(sides), parameters / _GUESSED_PRODUCTS + 2e-6)


def _with_seconds(parameters: float, activations: float, layers: tuple, probes: tuple, seconds: float) -> NetworkFacts:
    return NetworkFacts(
        parameters, parameters, activations, layers, probes, seconds, _GRADIENT * seconds, _STEP * seconds
    )
