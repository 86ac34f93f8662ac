"""Planted label noise: a new label for some of the training examples.

Each kind is a function of the clean labels that returns the labels to train on. Noise is drawn once per noise
seed, from nothing but the clean labels and the settings, so that all training seeds share it.
"""

import math
from collections import Counter

import numpy as np
import pyarrow as pa

from difficulty.datasets.label_text import are_positions
from difficulty.datasets.labels import class_numbers
from difficulty.errors import UserError
from difficulty.random_streams import derived_seed
from difficulty.suggestions import suggestion
from difficulty.tables import read_foreign
from difficulty.text_tables import is_untyped


def corrupt_labels(labels: np.ndarray, class_names: list[str], settings: dict, keys: dict) -> np.ndarray:
    """The labels that training sees.

    labels: int64 (N,), clean labels of the training examples; class_names: name of each class;
    settings: kind, fraction, seed, map, path; keys: columns by which a file of labels may name examples,
    name -> (N,). An example is corrupt where the result differs from `labels`. Raises UserError.
    """
    kind = settings["kind"]
    if kind == "file":
        return _from_file(labels, class_names, settings["path"], keys)
    if len(class_names) < 2:
        raise UserError("label_noise: the data set has one class only, so no label can be wrong")
    generator = np.random.default_rng(derived_seed("label noise", settings.get("seed", 0)))
    if kind == "asymmetric":
        return _asymmetric(labels, class_names, settings, generator)
    kinds = {"symmetric": _symmetric, "symmetric_any": _symmetric_any, "first_block": _first_block}
    return kinds[kind](labels, len(class_names), settings["fraction"], generator)


def _symmetric(labels, classes, fraction, generator):
    """round(fraction N) examples get a label uniform over the C - 1 other classes: every one of them changes."""
    chosen = generator.choice(len(labels), round(fraction * len(labels)), replace=False)
    noisy = labels.copy()
    noisy[chosen] = (labels[chosen] + generator.integers(1, classes, len(chosen))) % classes
    return noisy


def _symmetric_any(labels, classes, fraction, generator):
    """round(fraction N) examples get a label uniform over all C classes: about 1/C of them keep theirs.

    As in Zielinski, Krishnan & Chatterjee 2020 and Pliushch et al. 2022.
    """
    chosen = generator.choice(len(labels), round(fraction * len(labels)), replace=False)
    noisy = labels.copy()
    noisy[chosen] = generator.integers(0, classes, len(chosen))
    return noisy


def _first_block(labels, classes, fraction, generator):
    """The first ceil(fraction N) examples get a uniform label, the next class where it equals the clean one.

    As in kronfluence's example of mislabelled data; the class after the clean one is twice as likely.
    """
    count = math.ceil(fraction * len(labels))
    drawn = generator.integers(0, classes, count)
    noisy = labels.copy()
    noisy[:count] = np.where(drawn == labels[:count], (drawn + 1) % classes, drawn)
    return noisy


def _asymmetric(labels, class_names, settings, generator):
    """A fraction of each mapped class gets the label that the class is mapped to (Patrini et al. 2017)."""
    index = {name: number for number, name in enumerate(class_names)}
    if unknown := [name for pair in settings["map"].items() for name in pair if name not in index]:
        raise UserError(
            f"label_noise.map: no class {unknown[0]!r} in the data set; {suggestion(unknown[0], class_names)}"
        )
    noisy = labels.copy()
    for source, target in sorted(settings["map"].items()):
        members = np.flatnonzero(labels == index[source])
        chosen = generator.choice(members, round(settings["fraction"] * len(members)), replace=False)
        noisy[chosen] = index[target]
    return noisy


def _from_file(labels, class_names, path, keys):
    """Labels (class index or name) from a table that names examples by example_id, key or original_index.

    Examples that the table does not name keep their label.
    """
    table = read_foreign(path, text=["key", "label"] if is_untyped(path) else ["key"])
    by = next((name for name in keys if name in table.column_names), None)
    if by is None or "label" not in table.column_names:
        names = ", ".join(table.column_names)
        raise UserError(f"{path}: needs a column 'label' and one of {', '.join(keys)}; it has {names}")
    named = table[by].to_pylist()
    position = {key: row for row, key in enumerate(np.asarray(keys[by]).tolist())}
    if repeated := [key for key, count in Counter(named).items() if count > 1]:
        raise UserError(f"{path}: {by} {repeated[0]!r} occurs twice")
    if unknown := [key for key in named if key not in position]:
        raise UserError(f"{path}: {by} {unknown[0]!r} is no training example of the data set")
    column = table["label"]
    if pa.types.is_integer(column.type) and not are_positions(class_names):
        column = column.cast(pa.string())  # classes called by numbers that are not their indices: a label is a name
    noisy = labels.copy()
    noisy[[position[key] for key in named]] = class_numbers(column, f"{path}: column 'label'", class_names)
    return noisy
