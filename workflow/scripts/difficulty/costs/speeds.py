"""What a machine takes for amounts of work: as a calibration measured it, else built-in figures of a slow core."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from difficulty.costs.networks import NetworkFacts
from difficulty.costs.networks import guessed as guessed_facts
from difficulty.costs.work import MIB, Cost, Network, Work

CALIBRATION = Path(".snakemake", "difficulty", "calibration.json")
_VERSION = 1
_NUMBER = 4  # bytes
# Of what layers give for the images of a pass: copies in memory at most, in a step, with gradients, without any.
_IN_STEP, _WITH_GRADIENTS, _FORWARD = 2.5, 1.1, 0.7


@dataclass(frozen=True)
class Speeds:
    """Figures of a machine.

    starts: kind of stage -> (CPU seconds until it has imported what it needs, MiB that it has then). tables: seconds
    of this machine for one of the machine on which formulas were fitted, for work on tables. products: multiplications
    and additions a second of products of matrices. networks: key -> facts. corrections: rule -> what the estimates of
    its CPU time and memory beyond the start, and of its disk, are multiplied by, as finished runs have shown. device:
    of networks, `cpu` or another. is_measured: whether a calibration has measured starts, tables and products.
    """

    starts: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {
            "tables": (0.4, 135.0),
            "figures": (0.9, 165.0),
            "network": (1.8, 640.0),
            "training": (4.0, 780.0),
        }
    )
    tables: float = 1.0
    products: float = 4e10
    networks: Mapping[str, NetworkFacts] = field(default_factory=dict)
    corrections: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    device: str = "cpu"
    is_measured: bool = False

    def network(self, network: Network) -> NetworkFacts:
        """Facts of a network, guessed if it was not measured."""
        return self.networks.get(network.key) or guessed_facts(network)

    def cost(self, work: Work, rule: str = "") -> Cost:
        """What some work costs here. rule: whose corrections count."""
        seconds, memory = self.starts[work.start]
        cpu, used, kept = self.corrections.get(rule, (1.0, 1.0, 1.0))
        passes, beyond = 0.0, work.memory
        if work.network:
            facts = self.network(work.network)
            passes = work.forward * facts.forward + work.gradient * facts.gradient + work.step * facts.step
            copies = _IN_STEP if work.step else _WITH_GRADIENTS if work.gradient else _FORWARD
            beyond += work.images_at_once * facts.activations * _NUMBER * copies / MIB
        passes += work.products / self.products
        return Cost(
            cpu=seconds + (self.tables * work.seconds + passes) * cpu,
            device=0.0 if self.device == "cpu" else passes * cpu,
            memory=memory + beyond * used,
            kept=work.kept * kept,
            temporary=work.temporary,
            is_of_network=work.network is not None,
            is_guessed=work.network is not None and work.network.key not in self.networks,
            processes=work.processes,
        )


def read_speeds(path: Path = CALIBRATION) -> Speeds:
    """The calibration of this machine; the built-in figures if there is none or it cannot be read."""
    try:
        return from_json(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Speeds()


def write_speeds(speeds: Speeds, path: Path = CALIBRATION) -> None:
    """Keeps a calibration for later plans."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps(to_json(speeds), indent=1))
    temporary.replace(path)


def from_json(values: Mapping) -> Speeds:
    """Of what `to_json` gives. Raises ValueError for a calibration of another version."""
    if values["version"] != _VERSION:
        raise ValueError("a calibration of another version")
    found = {name: value for name, value in values.items() if name != "version"}
    return Speeds(**{**found, "networks": {key: _facts(each) for key, each in values["networks"].items()}})


def to_json(speeds: Speeds) -> dict:
    """All figures, for a file."""
    return {"version": _VERSION, **asdict(speeds)}


def _facts(values: Mapping) -> NetworkFacts:
    layers = tuple(map(tuple, values["layers"]))
    return NetworkFacts(**{**values, "layers": layers, "probes": tuple(values["probes"])})
