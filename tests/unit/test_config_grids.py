"""Grids of experiments: what they expand to, and what is told of wrong ones."""

import copy
import json
import math

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from difficulty.config.core.problems import ConfigurationError
from difficulty.config.reading import load
from difficulty.config.resolve import Configuration, resolve
from difficulty.config.training.grids import expanded
from tests.support.grids import GRID, NAMES, SCHEMA
from tests.support.places import places
from tests.support.wrong_configurations import lines_of, table


def resolved(experiments: str, **sections) -> Configuration:
    """GRID with other experiments, and with other sections."""
    return resolve({**GRID, **sections, "experiments": yaml.safe_load(experiments)})


def test_experiments_are_in_the_order_of_the_file_the_last_axis_fastest():
    assert list(resolve(GRID).experiments) == NAMES


def test_experiments_of_a_grid_are_ordinary_ones():
    written = resolved("""
    plain: {label_noise: null}
    noise-clean-sgd: {epochs: 40, label_noise: null, optimizer: {lr: 0.1}}
    noise-clean-rm3: {epochs: 40, label_noise: null, optimizer: {name: rm3, lr: 0.3}}
    noise-half-sgd: {epochs: 40, label_noise: {kind: symmetric_any, fraction: 0.5}, optimizer: {lr: 0.1}}
    noise-half-rm3: {epochs: 40, label_noise: {kind: symmetric_any, fraction: 0.5}, optimizer: {name: rm3, lr: 0.3}}
    last: {}
    """)
    assert resolve(GRID) == written
    assert written.experiments["noise-half-sgd"]["optimizer"]["momentum"] == 0.9


def test_later_axes_override_earlier_ones_and_what_is_shared():
    experiments = resolved("""
    g:
      batch_size: 64
      optimizer: {lr: 0.5}
      grid:
        optimizer: {sgd: {}, adam: {optimizer: {name: adam, lr: 1.0e-3}}, same: }
        rate: {default: , low: {optimizer: {lr: 0.01}}}
        noise: {shared: {batch_size: null, label_noise: null}, planted: {label_noise: {fraction: 0.4}}}
    """).experiments
    rates = {name: each["optimizer"]["lr"] for name, each in experiments.items() if name.endswith("-shared")}
    assert rates == {
        "g-sgd-default-shared": 0.5,
        "g-sgd-low-shared": 0.01,
        "g-adam-default-shared": 1e-3,
        "g-adam-low-shared": 0.01,
        "g-same-default-shared": 0.5,
        "g-same-low-shared": 0.01,
    }
    assert "momentum" not in experiments["g-adam-low-planted"]["optimizer"]
    assert experiments["g-sgd-low-planted"]["label_noise"] == {"kind": "symmetric", "fraction": 0.4, "seed": 0}
    assert experiments["g-sgd-low-planted"]["batch_size"] == 64
    assert "batch_size" not in experiments["g-sgd-low-shared"]
    assert "label_noise" not in experiments["g-sgd-low-shared"]


def test_another_architecture_leaves_the_width_of_defaults_and_grid_but_not_that_of_options():
    experiments = resolved("""
    shared: {width: 8, grid: {network: {resnet9: , mlp: {architecture: mlp}}}}
    axes: {grid: {width: {wide: {width: 64}, usual: }, network: {resnet9: , mlp: {architecture: mlp}}}}
    """).experiments
    assert {name: each.get("width") for name, each in experiments.items()} == {
        "shared-resnet9": 8,
        "shared-mlp": None,
        "axes-wide-resnet9": 64,
        "axes-wide-mlp": 64,
        "axes-usual-resnet9": 16,
        "axes-usual-mlp": None,
    }


def test_a_change_of_an_option_is_one_of_its_experiments_only():
    config = copy.deepcopy(GRID)
    config["experiments"]["noise"]["grid"]["optimizer"]["rm3"]["optimizer"]["lr"] = 0.5
    before, after = resolve(GRID).experiments, resolve(config).experiments
    assert [name for name in NAMES if before[name] != after[name]] == ["noise-clean-rm3", "noise-half-rm3"]


def test_a_grid_that_is_null_is_none():
    assert list(resolved("noise: {grid: null}").experiments) == ["noise"]


def test_networks_that_were_trained_elsewhere():
    experiments = resolved("""
    mine:
      architecture: mlp
      label_noise: null
      grid: {files: {few: {checkpoints: {early: [a.pt, b.pt]}}, one: {checkpoints: {late: ["{seed}.pt"]}}}}
    """).experiments
    assert [(each["epochs"], each["seeds"]) for each in experiments.values()] == [(2, [0]), (1, [0, 1, 2])]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_grid_has_as_many_experiments_as_combinations(sizes):
    axes = {f"axis {axis}": {f"o{option}": None for option in range(size)} for axis, size in enumerate(sizes)}
    expansion = expanded({"g": {"grid": axes}})
    assert len(expansion.layers) == math.prod(sizes)
    assert list(expansion.layers) == sorted(expansion.layers)
    assert (expansion.faults, expansion.is_complete) == ([], True)


# What is wrong


@pytest.mark.parametrize("text, lines", table("wrong_grids.txt"))
def test_wrong_grids(text, lines):
    assert lines_of({**GRID, **yaml.safe_load(text)}) == [f"config.yaml: {line}" for line in lines]


def test_a_name_of_a_grid_may_be_too_long():
    options = {"a" * 60: None}
    config = {**GRID, "experiments": {"g": {"grid": {"one": options, "two": options}}}}
    (line,) = lines_of(config)
    assert line.startswith("config.yaml: experiments.g.grid: makes a wrong name: expected a name of ")
    assert ", at most 100 characters, got 'g-aaaa" in line


def test_a_grid_may_be_too_large():
    axis = {f"o{option}": None for option in range(40)}
    lines = lines_of({**GRID, "experiments": {"g": {"grid": {"one": axis, "two": axis}}}})
    text = "makes 1600 experiments, expected at most 1000; leave options out or split it"
    assert lines == [f"config.yaml: experiments.g.grid: {text}"]


def test_of_many_experiments_the_first_ones_are_named():
    axis = {f"o{option}": None for option in range(100, 900)}
    config = {**GRID, "experiments": {"g": {"grid": {"one": axis}}}, "evaluations": {"zzz": ["digits"]}}
    (line,) = lines_of(config)
    assert line.startswith("config.yaml: evaluations.zzz: no experiment 'zzz', expected g-o100, g-o101, ")
    assert line.endswith(", g-o119 or 780 others")


VALUES = st.sampled_from(
    [None, {}, [], 3, True, "x", "noise-*", "*", {"a": {}}, {"a": None}, {3: {}}, {"x y": 1}, {"a": {"b": {}}}, [None]]
)
MUTATED = {
    **GRID,
    "evaluations": {"noise-*": ["photos"]},
    "analyses": {
        "vog": {"experiments": ["noise-half-*", "plain"]},
        "agreement": {"groups": {"a": ["*-sgd"]}},
        "comparisons": {"b": ["noise-half-*"]},
    },
}
MUTABLE = [place for place, _ in places(MUTATED) if place[0] in ("experiments", "evaluations", "analyses")]


@given(st.lists(st.tuples(st.sampled_from(MUTABLE), VALUES), max_size=3))
@settings(max_examples=200)
def test_any_grid_either_resolves_or_is_explained(changes):
    config = copy.deepcopy(MUTATED)
    for place, value in changes:
        parent = config
        for key in place[:-1]:
            parent = parent.get(key) if isinstance(parent, dict) else None
        if isinstance(parent, dict):
            parent[place[-1]] = value
    try:
        found = resolve(config)
    except ConfigurationError as error:
        assert error.lines
        assert len(set(error.lines)) == len(error.lines)
        assert str(error).splitlines() == error.lines
    else:
        assert "null" not in json.dumps(vars(found))


# Several files


def loaded(tmp_path, *texts: str) -> dict:
    paths = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return load(paths)


def test_a_subset_stays_if_a_grid_makes_the_experiment_that_chose_it(tmp_path):
    first = """
    datasets:
      digits: {source: digits}
      easy: {source: subset, of: digits, select: {by: score, experiment: noise-half-sgd}}
    """
    grid = "experiments: {noise: {grid: {level: {half: }, optimizer: {%s: }}}}"
    assert list(loaded(tmp_path, first, grid % "sgd")["datasets"]) == ["digits", "easy"]
    assert list(loaded(tmp_path, first, grid % "rm3")["datasets"]) == ["digits"]
    assert list(loaded(tmp_path, first, "experiments: {noise: {grid: 3}}")["datasets"]) == ["digits", "easy"]


@pytest.mark.parametrize(
    "grid, kept",
    [
        ("{dataset: easy, grid: {a: {b: , c: }}}", None),
        (
            "{dataset: easy, grid: {a: {b: , c: {dataset: photos}}}}",
            "{dataset: easy, grid: {a: {c: {dataset: photos}}}}",
        ),
        ("{grid: {a: {b: {dataset: easy}, c: }, d: {e: }}}", "{grid: {a: {c: }, d: {e: }}}"),
        ("{grid: {a: {b: {dataset: easy}}}}", None),
        (
            "{grid: {a: {b: {dataset: easy}}, d: {e: {dataset: photos}}}}",
            "{grid: {a: {b: {dataset: easy}}, d: {e: {dataset: photos}}}}",
        ),
        ("{grid: 3}", "{grid: 3}"),
    ],
)
def test_what_a_grid_does_on_a_data_set_goes_with_it(tmp_path, grid, kept):
    first = f"{{datasets: {{easy: {{}}}}, experiments: {{plain: , g: {grid}}}}}"
    experiments = loaded(tmp_path, first, "datasets: {photos: {}}")["experiments"]
    assert experiments == {"plain": None, **({} if kept is None else {"g": yaml.safe_load(kept)})}


# Schema


@pytest.mark.parametrize(
    "text, fits",
    [
        ("experiments: {x: {epochs: 3, grid: {a: {b: , c: {epochs: 2, label_noise: {fraction: 0.2}}}}}}", True),
        ("experiments: {x: {grid: null}}", True),
        ("{evaluations: {x-*: [digits]}, analyses: {comparisons: {a: [x-*]}, agreement: {groups: {a: [x-*]}}}}", True),
        ("experiments: {x: {grid: {}}}", False),
        ("experiments: {x: {grid: {a: {}}}}", False),
        ("experiments: {x: {grid: {a: [b]}}}", False),
        ("experiments: {x: {grid: {a: {b: 3}}}}", False),
        ("experiments: {x: {grid: {a: {b c: {}}}}}", False),
        ("experiments: {x: {grid: {a: {b: {epoch: 2}}}}}", False),
        ("experiments: {x: {grid: {a: {b: {grid: {c: {d: }}}}}}}", False),
        ("defaults: {grid: {a: {b: }}}", False),
    ],
)
def test_schema(text, fits):
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(text)) == fits
