"""Valid configurations of all kinds, few of them, in which as many pairs of features as possible are together."""

import itertools
import random
from functools import reduce
from pathlib import Path

import yaml

from difficulty.config.resolve import resolve
from difficulty.config.training.inheritance import merged
from difficulty.errors import UserError

# What all configurations have. `other`, `half` and `rest` are there to be referred to.
BASE = yaml.safe_load("""
datasets:
  other: {source: shapes}
  half: {source: subset, of: main, select: {by: random, fraction: 0.5}}
  rest: {source: subset, of: main, select: {by: random, fraction: 0.5}, seed: 1}
defaults:
  {dataset: main, architecture: resnet9, width: 4, epochs: 6, seeds: [0], optimizer: {name: sgd, lr: 0.1}}
experiments: {a: {}}
""")

# Part -> its forms, each merged into the rest.
PARTS: dict[str, list[dict]] = yaml.safe_load((Path(__file__).parent / "parts.yaml").read_text())

Choice = dict[str, int]


def written(choice: Choice) -> dict:
    """The configuration that has the chosen form of each part."""
    return reduce(merged, (PARTS[part][form] for part, form in choice.items()), BASE)


def fits(choice: Choice) -> bool:
    """Whether the chosen forms make a valid configuration."""
    try:
        resolve(written(choice))
    except UserError:
        return False
    return True


def fits_nothing(tries: int = 2000) -> list[tuple[str, int]]:
    """(part, form) of the forms that make no valid configuration with any of some random choices of the others."""
    draws, forms = random.Random(0), [(part, form) for part, forms in PARTS.items() for form in range(len(forms))]
    return [each for each in forms if not any(fits(random_choice(draws) | dict([each])) for _ in range(tries))]


def pairs(choice: Choice) -> set[tuple]:
    """Every two (part, form) that are together in a configuration."""
    return set(itertools.combinations(sorted(choice.items()), 2))


def choices(count: int, seed: int = 0, candidates: int = 8, tries: int = 2000) -> list[Choice]:
    """Choices that fit, always the same for a seed: each is the one of some random ones that adds most new pairs.

    The first ones begin with each form in turn, so that none is missing. tries: how many random choices may not fit
    before a form counts as one that fits nothing (AssertionError).
    """
    draws, chosen, seen = random.Random(seed), [], set()
    starts = [{part: form} for part, forms in PARTS.items() for form in range(len(forms))]
    while len(chosen) < count:
        start = next((each for each in starts if not any(each.items() <= choice.items() for choice in chosen)), {})
        drawn = (random_choice(draws) | start for _ in range(tries))
        fitting = list(itertools.islice(filter(fits, drawn), candidates))
        assert fitting, f"fits nothing: {start}"
        chosen.append(max(fitting, key=lambda choice: len(pairs(choice) - seen)))
        seen |= pairs(chosen[-1])
    return chosen


def random_choice(draws: random.Random) -> Choice:
    """A form of each part: every other time the first, which goes with nearly all others."""
    return {part: draws.choice((0, draws.randrange(len(forms)))) for part, forms in PARTS.items()}
