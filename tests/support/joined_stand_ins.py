"""Examples and tables that tests of joined statistics join, and how they do it."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.scores.images.joined_statistics import joined, read_measured

DATA = Path(__file__).parents[3] / "shared" / "data"
VALUE = {"by": "original_index", "column": "index", "value": "s"}


def examples(train=3, test=2, keys=None) -> pd.DataFrame:
    """Examples that are numbered within their splits, as those of CIFAR-10 are."""
    index = [*range(train), *range(test)]
    table = pd.DataFrame({"split": ["train"] * train + ["test"] * test, "original_index": index})
    return table.assign(key=keys or [f"{split}/{number:04d}.png" for split, number in table.to_numpy()])


def measured(tmp_path, table, settings):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table(table), path)
    return read_measured(path, settings)


def values_of(images, path, settings):
    return joined(images, read_measured(path, settings), settings)[0]
