"""How far the features of an image are from the mean of its class.

Sorscher et al., "Beyond neural scaling laws", NeurIPS 2022, arXiv 2206.14486: there the distance to the nearest of some
cluster centres; here the centres are the classes', so that it says whether an image is like its label.
"""

import numpy as np

_BLOCK = 1024  # queries that are looked at together


def prototypicality(
    bank: np.ndarray,
    bank_labels: np.ndarray,
    bank_content: np.ndarray,
    queries: np.ndarray,
    labels: np.ndarray,
    content: np.ndarray,
) -> np.ndarray:
    """1 - cosine between each query and the mean of the bank rows of its label that are of another content.

    bank: (n, D) and queries: (m, D), of length 1; labels from 0; content: numbers that identical images share.
    Returns float64 (m,), NaN where the label has no other row, or these have no mean direction.
    """
    classes = int(max(bank_labels.max(), labels.max())) + 1
    counts = np.bincount(bank_labels, minlength=classes)
    sums = np.stack([bank[bank_labels == number].sum(axis=0, dtype=np.float64) for number in range(classes)])
    copies = _Copies(bank, bank_labels, bank_content)
    result = np.full(len(queries), np.nan)
    for start in range(0, len(queries), _BLOCK):
        block = slice(start, start + _BLOCK)
        left_out, copied = copies(labels[block], content[block])
        means = sums[labels[block]] - left_out
        length = np.linalg.norm(means, axis=1)
        known = (counts[labels[block]] > copied) & (length > 0)
        products = (queries[block] * means).sum(axis=1)
        result[block] = np.where(known, 1 - products / np.where(known, length, 1), np.nan)
    return result


class _Copies:
    """Sums of the bank rows that have both the label and the content of a query."""

    def __init__(self, bank: np.ndarray, labels: np.ndarray, content: np.ndarray):
        self.bank, self.size = bank, int(content.max()) + 1
        keys = labels.astype(np.int64) * self.size + content
        self.order = np.argsort(keys, kind="stable")
        self.keys, self.starts, self.counts = np.unique(keys[self.order], return_index=True, return_counts=True)

    def __call__(self, labels: np.ndarray, content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(sums float64 (b, D), how many rows each is of (b,)) for some queries."""
        wanted = labels.astype(np.int64) * self.size + content
        groups = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        found = (self.keys[groups] == wanted) & (content < self.size)
        counts = np.where(found, self.counts[groups], 0)
        sums = np.zeros((len(labels), self.bank.shape[1]))
        single = counts == 1
        sums[single] = self.bank[self.order[self.starts[groups[single]]]]
        for row in np.flatnonzero(counts > 1):
            start = self.starts[groups[row]]
            sums[row] = self.bank[self.order[start : start + counts[row]]].sum(axis=0, dtype=np.float64)
        return sums, counts
