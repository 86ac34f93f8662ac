"""Cutting examples into folds: of equal size, each with its share of every class, identical images together."""

import numpy as np


def stratified_folds(classes: np.ndarray, content: np.ndarray, folds: int) -> np.ndarray:
    """The fold of each example, int (N,), in 0 .. folds - 1.

    classes: (N,) class numbers; content: (N,) numbers that identical images share. Both count from 0 without gaps.
    Groups of identical images are dealt first, the largest first; then, class by class, the other examples, in their
    order. Each goes to the fold with the fewest examples of its class, among these to the one with the fewest of the
    classes dealt before, among these to the first. Where no group is larger than a fold's share of its class, two folds
    differ by one example at most, in each class and in all.
    """
    fold = np.full(len(classes), -1)
    counts = np.zeros((folds, classes.max(initial=-1) + 1), int)  # of each class in each fold
    sizes = np.bincount(content)
    grouped = np.flatnonzero(sizes[content] > 1)
    for members in _groups(grouped, content):
        own = classes[members]
        chosen = np.lexsort((counts.sum(axis=1), counts[:, own].sum(axis=1)))[0]
        fold[members] = chosen
        np.add.at(counts[chosen], own, 1)
    dealt = np.zeros(folds, int)
    for number in range(counts.shape[1]):
        single = np.flatnonzero((classes == number) & (fold < 0))
        fold[single] = _dealt(len(single), counts[:, number], dealt)
        counts[:, number] += np.bincount(fold[single], minlength=folds)
        dealt += counts[:, number]
    return fold


def _groups(rows: np.ndarray, content: np.ndarray) -> list[np.ndarray]:
    """The rows of each content, the largest group first, groups of one size in the order of their first rows."""
    by_content = rows[np.argsort(content[rows], kind="stable")]
    groups = np.split(by_content, np.flatnonzero(np.diff(content[by_content])) + 1) if len(rows) else []
    return sorted(groups, key=lambda members: (-len(members), members[0]))


def _dealt(number: int, counts: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """The folds that `number` examples of one class go to, one after another.

    counts: (folds,) examples of the class that each has already; dealt: (folds,) those of the classes before.
    """
    level = counts.min() + number // len(counts)
    while np.maximum(level - counts, 0).sum() < number:
        level += 1
    fold = np.repeat(np.arange(len(counts)), np.maximum(level - counts, 0))
    having = np.concatenate([np.arange(own, level) for own in counts])
    return fold[np.lexsort((fold, dealt[fold] + having, having))][:number]
