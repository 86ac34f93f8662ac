"""Configurations that are far too large are refused in a line, before anything is made of them."""

from itertools import pairwise

import pytest

from difficulty.config.core.problems import ConfigurationError
from difficulty.config.core.sizes import size_faults
from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from tests.support.wrong_configurations import VALID, lines_of

RANDOM = {"by": "random", "fraction": 0.9}


def chain(length):
    """Subsets s1 of digits, s2 of s1, ..."""
    names = ["digits", *(f"s{number}" for number in range(1, length + 1))]
    parts = {name: {"source": "subset", "of": of, "select": RANDOM} for of, name in pairwise(names)}
    return {**VALID["datasets"], **parts}


def grids(count, options):
    axis = {f"o{number}": {"epochs": number + 1} for number in range(options)}
    return {f"g{number}": {"grid": {"a": axis, "b": axis}} for number in range(count)}


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        ({f"key{n}": n for n in range(20_000)}, "has 20,006 keys, expected at most 1,000; leave some out"),
        (
            {"experiments": {"clean": {f"key{n}": n for n in range(20_000)}}},
            "experiments.clean: has 20,000 keys, expected at most 1,000; leave some out",
        ),
        (
            {"experiments": {"clean": {"seeds": list(range(50_000))}}},
            "experiments.clean.seeds: has 50,000 entries, expected at most 10,000; leave some out",
        ),
        (
            {"experiments": grids(40, 31)},
            "experiments: makes 38,440 experiments, expected at most 1,000; leave options out, or split it into "
            "several configurations",
        ),
        (
            {"datasets": chain(900)},
            "datasets.s51: is a subset of a subset of ... 51 times, expected at most 50 times; choose of a data set "
            "nearer to the source",
        ),
    ],
)
def test_what_is_far_too_large_is_one_line(sections, line):
    config = {**VALID, **sections}
    if "key1" in config:
        config |= {"evaluations": {}, "analyses": {}, "figures": {}}
    assert lines_of(config) == [f"config.yaml: {line}"]


def test_files_are_looked_at_before_they_are_merged(tmp_path):
    (tmp_path / "a.yaml").write_text("\n".join(f"key{number}: 1" for number in range(1001)))
    with pytest.raises(ConfigurationError, match=r"^.*a\.yaml: has 1,001 keys"):
        load([tmp_path / "a.yaml"])


def test_what_is_just_large_enough_passes():
    resolve({**VALID, "datasets": chain(50)})
    assert size_faults({"experiments": grids(1, 31), "datasets": chain(50)}) == []
    assert size_faults({"experiments": {"x": {"label_noise": {"map": {str(n): "0" for n in range(21_000)}}}}}) == []


def test_subsets_in_a_circle_are_left_to_who_looks_for_circles():
    circle = {"a": {"source": "subset", "of": "b"}, "b": {"source": "subset", "of": "a"}}
    assert size_faults({"datasets": circle}) == []


def test_of_many_mistakes_the_first_ones_are_told_and_how_many_there_are():
    lines = lines_of({**VALID, "evaluations": {f"n{number}": ["digits"] for number in range(200)}})
    assert len(lines) == 51 and lines[-1] == "and 150 more mistakes like these"
