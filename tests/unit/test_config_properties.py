"""Whatever is wrong with a configuration, the answer is lines that name the place, never another exception."""

import copy
import json

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from difficulty.config.core.problems import ConfigurationError, written
from difficulty.config.core.yaml_files import read_yaml
from difficulty.config.resolve import Configuration, resolve
from tests.support.places import places

VALID = yaml.safe_load("""
datasets:
  photos: {source: image_folder, path: photos, size: 32, color: rgb, on_bad_image: error, link: hard}
  cifar:
    source: parquet
    files: {train: a.parquet, test: [b.parquet]}
    image: image
    truth: [entropy]
    limit: {train: 10000, test: 2000}
    limit_seed: 0
  shapes: {source: shapes, train: 60, test: 6, seed: 1}
  original: {source: cifar10, root: data, download: false}
  flat: {source: flat_folder, path: photos, labels: a.csv, label_column: kind, test_fraction: 0.1, split_seed: 1}
  names: {source: flat_folder, path: photos, pattern: '(?P<label>[a-z]+).*', recursive: true}
  arrays: {source: npz, files: {train: a.npz, test: a.npz}, images: a, arrays: {train: [x, y]}}
  half: {source: subset, of: cifar, select: {by: random, fraction: 0.5}, train: 100, test: 50}
  third: {source: subset, of: cifar, select: {by: random, fraction: 0.3}, seed: 1}
  sure: {source: subset, of: cifar, select: {by: verdict, experiment: noisy, drop: [ambiguous, easy]}}
  right: {source: subset, of: cifar, select: {by: truth, experiment: noisy}}
  drawn: {source: subset, of: cifar, select: {by: random, like: right}}
defaults:
  dataset: cifar
  architecture: resnet18
  width: 16
  stem: cifar
  freeze: backbone
  optimizer: {name: sgd, lr: 0.2, momentum: 0.9, weight_decay: 5.0e-4, nesterov: true}
  schedule: {name: piecewise_linear, points: [[0, 0], [5, 1], [15, 0]]}
  epochs: 15
  batch_size: 128
  drop_last: false
  augmentation: {flip: true, resized_crop: {scale: [0.08, 1], ratio: [0.75, 1.5]}}
  seeds: [0, 1, 2]
  folds: 4
  records: both
  train_sample: 100
  checkpoints: [0, 15]
  device: auto
  precision: auto
experiments:
  clean: {schedule: {name: one_cycle, warmup: 0.25, initial: 0.1, final: 0}}
  noisy: {label_noise: {kind: asymmetric, fraction: 0.1, map: {cat: dog}, seed: 1}, optimizer: {name: adam, lr: 0.1}}
  half: {dataset: half}
  third: {dataset: third}
  right: {dataset: right, label_noise: {kind: experiment, experiment: noisy}}
  drawn: {dataset: drawn, label_noise: {kind: experiment, experiment: noisy, relabel: true}}
evaluations: {noisy: [photos]}
analyses:
  dynamics: {records: online, el2n_epoch: 2}
  agreement: {groups: {noise: [clean, noisy]}}
  comparisons: {noise: [clean, noisy]}
  generalization: {parts: {experiments: [half, third], control: third}}
  removal: {cleaned: {experiment: noisy, rules: {truth: [right], random: [drawn]}, control: random}}
  correlation: {scores: [aum, loss], bootstrap: 100}
  detection: {truths: {human: {experiment: clean, column: entropy, role: validation, top: 0.1}}, bootstrap: 100}
  suspects: {score: aum}
figures:
  dpi: 100
  gallery: {score: aum, examples_per_class: 5, classes: 3}
  panel: {examples: 100, split: test}
""")
# Mappings whose keys the user chooses.
CHOSEN = [
    ("datasets",),
    ("experiments",),
    ("evaluations",),
    ("experiments", "noisy", "label_noise", "map"),
    ("analyses", "agreement", "groups"),
    ("analyses", "comparisons"),
    ("analyses", "generalization"),
    ("analyses", "detection", "truths"),
    ("analyses", "removal"),
    ("analyses", "removal", "cleaned", "rules"),
]


PLACES = list(places(VALID))
KEYS = [place for place, _ in PLACES if isinstance(place[-1], str) and place[:-1] not in CHOSEN]
NUMBERS = [place for place, value in PLACES if isinstance(value, int | float) and not isinstance(value, bool)]


def changed(place, change):
    """A copy of VALID after `change(parent, key)` at `place`."""
    config = copy.deepcopy(VALID)
    parent = config
    for key in place[:-1]:
        parent = parent[key]
    change(parent, place[-1])
    return config


def lines_of(config) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        resolve(config)
    lines = caught.value.lines
    assert str(caught.value).splitlines() == lines
    assert all(line.startswith("config.yaml: ") for line in lines)
    assert len(set(lines)) == len(lines)
    return lines


def name_the_place(lines, place) -> bool:
    """Whether a line is about `place`, or about the list that it is in."""
    while isinstance(place[-1], int):
        place = place[:-1]
    return any(line.startswith(f"config.yaml: {written(place)}") for line in lines)


def test_what_is_mutated_is_valid():
    assert isinstance(resolve(VALID), Configuration)


@given(st.sampled_from(KEYS), st.data())
def test_typos_in_keys(place, data):
    key = place[-1]
    position = data.draw(st.integers(0, len(key)))
    letter = data.draw(st.characters(codec="utf-8"))
    typo = key[:position] + letter + key[position + data.draw(st.integers(0, 1)) :]
    assume(typo not in {other[-1] for other in KEYS})

    def rename(parent, key):
        parent[typo] = parent.pop(key)

    lines = lines_of(changed(place, rename))
    assert name_the_place(lines, (*place[:-1], typo)) or name_the_place(lines, place)


WRONG_TYPES = st.one_of(
    st.just(object()),
    st.builds(lambda: {"?": None}),
    st.lists(st.none(), min_size=1, max_size=3),
    st.dates(),
    st.binary(),
    st.just(float("nan")),
    st.just(10**400),
    st.just("\x00"),
)


@given(st.sampled_from([place for place, _ in PLACES]), WRONG_TYPES)
def test_wrong_types(place, wrong):
    def replace(parent, key):
        parent[key] = wrong

    assert name_the_place(lines_of(changed(place, replace)), place)


@given(st.sampled_from(NUMBERS), st.sampled_from([-1e31, 1e31, float("inf"), -1, True, "many", "1", [], {}]))
def test_numbers_out_of_range(place, wrong):
    def replace(parent, key):
        parent[key] = wrong

    assert name_the_place(lines_of(changed(place, replace)), place)


@given(st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=5, unique=True))
def test_each_mistake_has_its_line(chosen):
    config = copy.deepcopy(VALID)
    for place in chosen:
        parent = config
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = "many"
    lines = lines_of(config)
    assert all(name_the_place(lines, place) for place in chosen)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["digits", "clean", "cifar", "sgd", "symmetric", "one_cycle", "all", "parquet", "aum", "5e-4"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.sampled_from([place for place, _ in PLACES]), VALUES), max_size=4))
@settings(max_examples=300)
def test_anything_either_resolves_or_is_explained(changes):
    config = copy.deepcopy(VALID)
    for place, value in changes:
        parent = config
        for key in place[:-1]:
            parent = parent[key] if isinstance(parent, dict) and key in parent else None
        if isinstance(parent, dict):
            parent[place[-1]] = value
    try:
        resolved = resolve(config)
    except ConfigurationError as error:
        assert error.lines
        assert str(error).splitlines() == error.lines
    else:
        assert "null" not in json.dumps(vars(resolved))


@given(st.binary(max_size=60) | st.text(alphabet="a:{}[]&*!-|>'\"\\ \t\n1.#,?%@<", max_size=60).map(str.encode))
@settings(max_examples=300)
def test_any_file_is_read_or_explained(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "config.yaml"
    path.write_bytes(content)
    try:
        assert isinstance(read_yaml(path), dict)
    except ConfigurationError as error:
        assert all(line.startswith(f"{path}: line ") for line in error.lines)
        assert str(error).splitlines() == error.lines
