"""How far the ways to compute influence agree: their rank correlation and the slope of one against another.

A variant is such a way: an approximation of the curvature, and the precision that it is computed in.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.random_streams import derived_seed
from difficulty.tables import Column, Schema

SELF = "self"
_CELLS = 1 << 21  # influences of as many queries as have so many, over all variants, are ranked at once

_COMPARED = Column(pa.string(), "self: influence of examples on their own loss; else the set of queries")
_QUERY = Column(pa.int64(), "example_id of the query; null for self-influence", nullable=True)


def _float(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if one of the two is constant or not finite", nullable=True)


INFLUENCE_AGREEMENT = Schema(
    "influence_agreement",
    {
        "compared": _COMPARED,
        "reference": Column(pa.string(), "variant; of the two the one that is configured first"),
        "other": Column(pa.string(), "variant that is compared with it; every unordered pair is there once"),
        "query_id": _QUERY,
        "spearman": _float("Spearman's rank correlation of the two over the examples, ties sharing mean ranks"),
        "slope": _float("of the least-squares line of other on reference"),
        "intercept": _float("of that line"),
        "examples": Column(pa.int64(), "examples that are compared; training examples where there is a query"),
    },
    key=("compared", "reference", "other", "query_id"),
)

INFLUENCE_SAMPLE = Schema(
    "influence_sample",
    {
        "compared": _COMPARED,
        "query_id": _QUERY,
        "example_id": Column(pa.int64(), "example"),
        "variant": Column(pa.string(), "way to compute influence; all have the same pairs of query and example"),
        "influence": Column(
            pa.float32(), "of the example on its own loss or on the query; null if not a number", nullable=True
        ),
    },
    key=("compared", "query_id", "example_id", "variant"),
)


def influence_agreement(values: np.ndarray, variants: Sequence[str], query_ids: Sequence) -> pd.DataFrame:
    """How far every two of V variants agree on each of Q queries.

    values: (V, Q, N), over N examples. query_ids: (Q,), None for self-influence. Returns the columns of
    INFLUENCE_AGREEMENT but compared, queries in their order and the pairs of each in the order of the variants.
    """
    count, queries, examples = values.shape
    first, second = np.triu_indices(count, 1)
    found = np.full((3, queries, len(first)), np.nan)
    step = max(1, _CELLS // max(1, count * examples))
    for start in range(0, queries if examples else 0, step):
        part = slice(start, start + step)
        found[:, part] = np.stack(_agreement(values[:, part]))[..., first, second]
    names = np.asarray(variants, object)
    return pd.DataFrame(
        {
            "reference": np.tile(names[first], queries),
            "other": np.tile(names[second], queries),
            "query_id": pd.array(list(query_ids), "Int64").repeat(len(first)),
            **dict(zip(("spearman", "slope", "intercept"), found.reshape(3, -1), strict=True)),
            "examples": examples,
        }
    )


def _agreement(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spearman, slope and intercept, each (Q, V, V) with the reference first, of values (V, Q, N)."""
    examples = values.shape[2]
    lowest, highest = values.min(axis=2), values.max(axis=2)
    defined = (lowest < highest) & np.isfinite(lowest) & np.isfinite(highest)
    values = np.where(defined[..., None], values, 0)
    ranks = row_midranks(values.reshape(-1, examples)).reshape(values.shape)
    ranks -= (examples + 1) / 2
    exact = values.astype(np.float64)
    means = exact.mean(axis=2)
    exact -= means[..., None]
    ranks, exact, means, defined = (np.swapaxes(each, 0, 1) for each in (ranks, exact, means, defined))
    both = defined[:, :, None] & defined[:, None, :]
    products, squares = _products(ranks)
    spearman = products / np.where(both, np.sqrt(squares[:, :, None] * squares[:, None, :]), np.nan)
    products, squares = _products(exact)
    slope = products / np.where(both, squares[:, :, None], np.nan)
    return np.clip(spearman, -1, 1), slope, means[:, None, :] - slope * means[:, :, None]


def _products(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of products (Q, V, V) and of squares (Q, V) of the rows of (Q, V, N)."""
    products = centred @ np.swapaxes(centred, 1, 2)
    return products, np.diagonal(products, axis1=1, axis2=2)


def row_midranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 within each row of `values` (M, N), without NaN; equal values share the mean of their ranks."""
    columns = values.shape[1]
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    new = np.ones(values.shape, bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=new[:, 1:])
    starts = np.flatnonzero(new)
    if len(starts) == values.size:
        sorted_ranks = np.broadcast_to(np.arange(1.0, columns + 1), values.shape)
    else:
        ends = np.append(starts[1:], values.size)
        shared = (starts + ends + 1) / 2 - starts // columns * columns
        sorted_ranks = np.repeat(shared, ends - starts).reshape(values.shape)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, sorted_ranks, axis=1)
    return ranks


def drawn_pairs(compared: str, queries: int, examples: int, most: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """(query, example) numbers, each (S,), of `most` different pairs in order, or of all where there are fewer."""
    pairs = queries * examples
    draws = np.random.default_rng(derived_seed("influence agreement", compared))
    chosen = np.sort(draws.choice(pairs, most, replace=False)) if pairs > most else np.arange(pairs)
    return np.divmod(chosen, max(1, examples))


def compare_blocks(
    compared: str,
    variants: Sequence[str],
    queries: int,
    example_ids: np.ndarray,
    blocks: Iterable[tuple[Sequence, np.ndarray]],
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Rows of INFLUENCE_AGREEMENT and of INFLUENCE_SAMPLE of each block of queries.

    blocks: ids (Q,) of some of the queries, in order, and the influences on them, (V, Q, N).
    """
    example_ids, names = np.asarray(example_ids), np.asarray(variants, object)
    query, example = drawn_pairs(compared, queries, len(example_ids))
    start = 0
    for query_ids, values in blocks:
        here = slice(*np.searchsorted(query, (start, start + len(query_ids))))
        rows, columns = query[here] - start, example[here]
        start += len(query_ids)
        sample = pd.DataFrame(
            {
                "query_id": pd.array(list(query_ids), "Int64")[np.tile(rows, len(names))],
                "example_id": np.tile(example_ids[columns], len(names)),
                "variant": np.repeat(names, len(rows)),
                "influence": values[:, rows, columns].ravel(),
            }
        )
        agreement = influence_agreement(values, variants, query_ids)
        yield agreement.assign(compared=compared), sample.assign(compared=compared)
