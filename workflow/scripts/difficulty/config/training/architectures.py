"""Architectures. One is a line here and the module of difficulty/models/ with its name."""

from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from difficulty.config.core.problems import alternatives, expected
from difficulty.config.core.section import problem

# Architecture -> those of OWN_SETTINGS that it has.
ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "mlp": ("width", "depth"),
    "net": (),
    "lenet5": (),
    "resnet9": ("width",),
    "resnet18": ("width", "stem"),
    "resnet50": ("width", "stem"),
    "vgg16": ("width", "stem"),
    "wrn28_10": ("width",),
    "densenet121": ("width", "stem"),
}
TORCHVISION = "torchvision:"
LINEAR_PROBE = "linear_probe"  # of experiments: no network, but a linear probe on the features of the data set
# Settings of an experiment that have a meaning for one architecture only.
OWN_SETTINGS = ("width", "depth", "stem", "weights")


CHOICES = alternatives([*ARCHITECTURES, f"{TORCHVISION}<name>"])
CHOICES_OF_EXPERIMENTS = alternatives([*ARCHITECTURES, LINEAR_PROBE, f"{TORCHVISION}<name>"])


def settings_of(architecture: str) -> tuple[str, ...]:
    """Which of width, depth and stem the architecture has."""
    return ARCHITECTURES.get(architecture, ())


def is_torchvision(architecture: str) -> bool:
    """Whether torchvision defines it."""
    return architecture.startswith(TORCHVISION)


def _is_network(value) -> bool:
    if not isinstance(value, str):
        return False
    network = value.removeprefix(TORCHVISION)
    return value in ARCHITECTURES or (is_torchvision(value) and network.isascii() and network.isidentifier())


def _network(value) -> str:
    if not _is_network(value):
        raise problem(expected(CHOICES, value, ARCHITECTURES))
    return value


def _network_or_probe(value) -> str:
    if value != LINEAR_PROBE and not _is_network(value):
        raise problem(expected(CHOICES_OF_EXPERIMENTS, value, [*ARCHITECTURES, LINEAR_PROBE]))
    return value


def _schema(*names: str) -> WithJsonSchema:
    pattern = {"type": "string", "pattern": f"^{TORCHVISION}[A-Za-z_][A-Za-z0-9_]*$"}
    return WithJsonSchema({"anyOf": [{"enum": list(names)}, pattern]})


Architecture = Annotated[str, PlainValidator(_network), _schema(*ARCHITECTURES)]
ExperimentArchitecture = Annotated[str, PlainValidator(_network_or_probe), _schema(*ARCHITECTURES, LINEAR_PROBE)]
