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
# Settings of an experiment that have a meaning for one architecture only.
OWN_SETTINGS = ("width", "depth", "stem", "weights")


CHOICES = alternatives([*ARCHITECTURES, f"{TORCHVISION}<name>"])


def settings_of(architecture: str) -> tuple[str, ...]:
    """Which of width, depth and stem the architecture has."""
    return ARCHITECTURES.get(architecture, ())


def is_torchvision(architecture: str) -> bool:
    """Whether torchvision defines it."""
    return architecture.startswith(TORCHVISION)


def _checked(value) -> str:
    if isinstance(value, str):
        network = value.removeprefix(TORCHVISION)
        if value in ARCHITECTURES or (is_torchvision(value) and network.isascii() and network.isidentifier()):
            return value
    raise problem(expected(CHOICES, value, ARCHITECTURES))


Architecture = Annotated[
    str,
    PlainValidator(_checked),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(ARCHITECTURES)},
                {"type": "string", "pattern": f"^{TORCHVISION}[A-Za-z_][A-Za-z0-9_]*$"},
            ]
        }
    ),
]
