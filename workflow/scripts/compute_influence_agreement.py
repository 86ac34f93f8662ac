"""How far the variants of influence of one run agree: self-influence, and influence on every set of queries."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.influence_agreement import INFLUENCE_AGREEMENT, INFLUENCE_SAMPLE, SELF, compare_blocks
from difficulty.scores.influence.pairwise_blocks import common_examples, common_queries, rows_at_once, summed_blocks
from difficulty.scores.influence.tables import SELF_INFLUENCE
from difficulty.scores.runs import run_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import TableError, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    order = args.settings["strategies"]
    own = summed_self(by_variant(args.self, order))
    block = [None], own.to_numpy(np.float32).T[:, None]
    compared = list(compare_blocks(SELF, list(own), 1, own.index.to_numpy(), [block]))
    logger.info("self-influence: %d variants, %d examples", len(own.columns), len(own))
    for name in dict.fromkeys(path.parent.name for path in args.pairwise):
        tables = by_variant([path for path in args.pairwise if path.parent.name == name], order)
        paths = [path for of_variant in tables.values() for path in of_variant]
        examples, queries = common_examples(paths), common_queries(paths)
        blocks = stacked_blocks(list(tables.values()), queries, rows_at_once(len(tables), len(examples)))
        compared += compare_blocks(name, list(tables), len(queries), examples, blocks)
        logger.info("%s: %d variants, %d queries, %d examples", name, len(tables), len(queries), len(examples))
    facts = provenance(args, run=run_of(args.self[0].parent))
    agreement, sample = (pd.concat(tables) for tables in zip(*compared, strict=True))
    write_table(agreement, args.output, INFLUENCE_AGREEMENT, facts)
    write_table(sample, args.sample, INFLUENCE_SAMPLE, facts)


def by_variant(paths: Sequence[Path], order: Sequence[str]) -> dict[str, list[Path]]:
    """Variant -> its tables, the variants in the order of the settings: ekfac has `ekfac-epoch-5.parquet`."""
    tables = {variant: [path for path in paths if path.name.partition("-")[0] == variant] for variant in order}
    return {variant: found for variant, found in tables.items() if found}


def stacked_blocks(
    tables: Sequence[Sequence[Path]], queries: np.ndarray, rows: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of queries: their ids (Q,) and float32 (V, Q, N), the influence by each variant."""
    done = 0
    for values in zip(*(summed_blocks(paths, rows) for paths in tables), strict=True):
        yield queries[done : done + len(values[0])], np.stack(values)
        done += len(values[0])


def summed_self(tables: dict[str, list[Path]]) -> pd.DataFrame:
    """Self-influence of N examples by V variants, summed over checkpoints: (N, V), by example_id."""
    sums = {}
    for variant, paths in tables.items():
        for path in paths:
            values = read_table(path, SELF_INFLUENCE).set_index("example_id")["self_influence"]
            if sums and not values.index.equals(next(iter(sums.values())).index):
                raise TableError(path, "is of other examples than the other tables of the run, or in another order")
            sums[variant] = sums[variant] + values if variant in sums else values
    return pd.DataFrame(sums)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--self", type=Path, nargs="+", required=True, help="ekfac-epoch-5.parquet ... of one run")
    parser.add_argument("--pairwise", type=Path, nargs="*", default=[], help="the same of every set of queries")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sample", type=Path, required=True, help="output: influences for a scatter plot")
    run_stage(main, parser)
