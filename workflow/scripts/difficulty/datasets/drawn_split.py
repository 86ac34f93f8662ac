"""A test split that is drawn: class by class, and identical files on one side."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.random_streams import derived_seed


def identical_files(paths: Sequence[Path]) -> np.ndarray:
    """int64 (N,): the position of the first file with the same bytes. Only files of equal size are read; what cannot
    be read is like no other."""
    by_size: dict[int, list[int]] = {}
    for place, path in enumerate(paths):
        if path.is_file():
            by_size.setdefault(path.stat().st_size, []).append(place)
    first = np.arange(len(paths))
    for places in by_size.values():
        found: dict[bytes, int] = {}
        for place in places if len(places) > 1 else ():
            try:
                digest = hashlib.sha256(paths[place].read_bytes()).digest()
            except OSError:
                continue  # whoever decodes it says so
            first[place] = found.setdefault(digest, place)
    return first


def drawn_for_test(labels: np.ndarray, content: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """A stratified draw, bool (N,), of round(fraction N) of N examples, less what small classes cannot give.

    labels: int (N,) from 0. content: int (N,), equal where files are identical: these are drawn together, so that a
    class may give a few less; those with several labels are not drawn. Each class gives the whole part of
    fraction n_c; the rest comes one by one from the classes with the largest remainder, drawn where these are equal. No
    class gives its last example.
    """
    random = np.random.default_rng(derived_seed("test split", seed))
    sizes = np.bincount(labels)
    shares = fraction * sizes
    numbers = np.minimum(shares.astype(int), sizes - 1)
    rest = round(fraction * len(labels)) - numbers.sum()
    order = np.lexsort((random.random(len(sizes)), numbers - shares))
    numbers[order[numbers[order] < sizes[order] - 1][: max(rest, 0)]] += 1
    groups = pd.DataFrame({"label": labels, "content": content}).groupby("content")["label"]
    groups = groups.agg(["first", "size", "nunique"]).query("nunique == 1")
    drawn = []
    for label, number in enumerate(numbers):
        own = groups[groups["first"] == label]
        for place in random.permutation(len(own)) if number else ():
            if own["size"].iloc[place] <= number:
                number -= own["size"].iloc[place]
                drawn.append(own.index[place])
    return np.isin(content, drawn)
