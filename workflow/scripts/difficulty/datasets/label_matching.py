"""Labels of several files, brought together by the names of their classes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from difficulty.datasets.intake import SHOWN, Intake
from difficulty.datasets.label_text import in_order
from difficulty.datasets.labels import ClassLabels, fault_text
from difficulty.errors import UserError

UNTRAINED, UNNAMED = "class that no training example has", "no class name"


def named_by(labels: ClassLabels, names: ClassLabels) -> ClassLabels:
    """The same classes under the names that another column of the file has for them, in the order of the labels.

    Raises UserError if labels and names are not one to one.
    """
    both = (labels.codes >= 0) & (names.codes >= 0)
    pairs = np.unique(np.stack([labels.codes[both], names.codes[both]], axis=1), axis=0)
    if len(np.unique(pairs[:, 0])) < len(pairs) or len(np.unique(pairs[:, 1])) < len(pairs):
        raise UserError(f"{names.place}: labels and names are not one to one; correct it, or leave class_name out")
    position = np.full(len(names.names), -1)
    position[pairs[:, 1]] = np.arange(len(pairs))
    faults = {reason: rows & (labels.codes < 0) for reason, rows in labels.faults.items()}
    unnamed = (names.codes < 0) & (labels.codes >= 0)
    return replace(
        labels,
        names=tuple(names.names[code] for code in pairs[:, 1]),
        keys=tuple(labels.keys[code] for code in pairs[:, 0]),
        is_declared=False,
        codes=np.where(both, position[names.codes], -1),
        faults={**faults, **({UNNAMED: unnamed} if unnamed.any() else {})},
    )


def matched(parts: Sequence[ClassLabels], splits: Sequence[str]) -> tuple[list[str], list[ClassLabels]]:
    """The classes of all files, and each file's rows numbered by them: equal names are equal classes.

    splits: train or test, of each file. Classes are in the order that the first file declares; otherwise sorted.
    Rows of the test whose class no training file has or declares have no class.
    """
    training = [part for part, split in zip(parts, splits, strict=True) if split == "train"]
    keys = {}
    for part in training:
        used = set(np.unique(part.codes[part.codes >= 0]).tolist())
        for code, (name, key) in enumerate(zip(part.names, part.keys, strict=True)):
            if part.is_declared or code in used:
                keys.setdefault(name, key)
    declared = next((part.names for part in training if part.is_declared), ())
    others = sorted(set(keys) - set(declared), key=lambda name: (keys[name], in_order(name)))
    names = [*declared, *others]
    position = {name: number for number, name in enumerate(names)}
    numbered = []
    for part in parts:
        number_of = np.array([*(position.get(name, -1) for name in part.names), -1], np.int64)
        codes = number_of[part.codes]
        lost = (codes < 0) & (part.codes >= 0)
        faults = {**part.faults, **({UNTRAINED: lost} if lost.any() else {})}
        numbered.append(replace(part, names=tuple(names), keys=(), codes=codes, faults=faults))
    return names, numbered


def labelled(
    parts: Sequence[ClassLabels], name_of: Callable[[int, int], str], unlabelled: str, intake: Intake
) -> list[np.ndarray]:
    """Which rows of each file have a class, bool (N,).

    name_of: name of a row, by the number of the file and of the row. unlabelled: error or skip; what is skipped is
    added to `intake`. Raises UserError with the number of rows without a class, and the first three, if it is error.
    """
    problems = [
        text
        for number, part in enumerate(parts)
        if (text := fault_text(part, lambda row, number=number: name_of(number, row)))
    ]
    if problems and unlabelled == "error":
        remedy = "correct these labels or remove the rows, or set unlabelled: skip to leave them out"
        raise UserError(f"{'; '.join(problems)}; {remedy}")
    for number, part in enumerate(parts):
        for reason, rows in part.faults.items():
            first = [name_of(number, row) for row in np.flatnonzero(rows)[:SHOWN]]
            intake.leave_out(reason, first, int(rows.sum()))
    return [part.codes >= 0 for part in parts]
