"""Lets the nearest neighbours of every example vote, at every probe of a run's network."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.depth.tables import VOTES, neighbors_schema
from difficulty.scores.depth.votes import vote_and_ties
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.table_parts import read_parts
from difficulty.tables import TableError, read_provenance, read_schema, read_table, write_table

logger = logging.getLogger("difficulty")

_NEIGHBORS_AT_ONCE = 1 << 22


def main(args):
    settings = args.settings
    labels = voting_labels(read_table(args.labels, LABELS).set_index("example_id"), settings["labels"], args.consensus)
    parts, probes = [], read_provenance(args.neighbors[0]).get("probes", [])
    for path in args.neighbors:
        if read_provenance(path).get("probes") != probes:
            raise TableError(path, f"has other probes than {args.neighbors[0]}")
        if (stored := neighbors_of(path)) < settings["k"]:
            warn(f"{path}: has {stored} neighbours of each example, all of which vote")
        parts += [
            votes(part, labels, settings)
            for part in read_parts(path, neighbors_schema(stored), max(1, _NEIGHBORS_AT_ONCE // stored))
        ]
    table = pd.concat(parts).sort_values(["example_id", "probe"], kind="stable")
    write_table(table, args.output, VOTES, provenance(args, probes=probes))
    logger.info("%d neighbours, %.2f %% of the votes tied", settings["k"], 100 * table["tied"].mean())


def neighbors_of(path) -> int:
    """How many neighbours of each example a table has: fewer than are asked for, where there are so few images."""
    stored = read_schema(path).columns.get("neighbors")
    if stored is None:
        raise TableError(path, "has no neighbours")
    return stored.type.list_size


def voting_labels(labels: pd.DataFrame, kind: str, consensus: list[Path]) -> pd.Series:
    """The label that each example votes for, by example_id; where there is no consensus, the given one."""
    if kind != "consensus":
        return labels["label" if kind == "given" else "clean_label"]
    found = read_table(consensus[0], EXAMPLE_SCORES).set_index("example_id")["consensus_class"]
    found = found.reindex(labels.index)
    share = found[labels["split"] == "train"].isna().mean()
    logger.info("no consensus on %.2f %% of the training examples, which vote for their given label", 100 * share)
    return found.fillna(labels["label"]).astype(np.int64)


def votes(part: pa.Table, labels: pd.Series, settings: dict) -> pd.DataFrame:
    """Rows of VOTES of some rows of a table of neighbours."""
    stored = part["neighbors"].type.list_size
    k = min(settings["k"], stored)
    neighbors, distances = (
        part[name].combine_chunks().flatten().to_numpy().reshape(-1, stored)[:, :k]
        for name in ("neighbors", "distances")
    )
    among = labels.to_numpy()[labels.index.get_indexer(neighbors.ravel())].reshape(neighbors.shape)
    voted, tied = vote_and_ties(among, distances if settings["ties"] == "distance" else None, int(labels.max()) + 1)
    table = part.select(["example_id", "probe", "predicted"]).to_pandas()
    return table.assign(vote=voted.astype(np.int32), tied=tied)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--neighbors", type=Path, nargs="+", required=True, help="the table of every shard")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--consensus", type=Path, nargs="*", help="consensus of the runs, for votes by it")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
