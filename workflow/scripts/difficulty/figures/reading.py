"""What several figures read: names of classes, some of the images of a data set, the column of a score."""

from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.images import open_images, take
from difficulty.errors import UserError
from difficulty.scores.collect import ranking_columns
from difficulty.tables import read_schema, read_table


def names_of_classes(examples: Path) -> dict[int, str]:
    """Label -> name, from a data set's table of examples."""
    return dict(enumerate(class_names(read_table(examples, EXAMPLES, ["label", "class_name"]))))


def images_of(pixels: Path, example_ids):
    """Images (N, H, W, C) of examples, in their order; decoded when they are read if they stay in their files.

    example_ids: int (N,). Raises UserError if one of them has no image.
    """
    stored, images = open_images(pixels)
    rows = pd.Index(stored).get_indexer(pd.Index(example_ids))
    if (rows < 0).any():
        missing = pd.Index(example_ids)[rows < 0][0]
        raise UserError(f"{pixels}: has no image of example {missing}; delete it and run the workflow again")
    return take(images, rows)


def ranking_of(scores: Path, score: str, role: str, setting: str) -> tuple[str, int]:
    """(column that orders the examples of a role by `score`, +1 if higher is harder or -1).

    setting: the place in the configuration that names the score. Raises UserError if the table has no such score.
    """
    columns = read_schema(scores).columns
    rankings = ranking_columns(columns, role)
    if score not in rankings:
        known = ", ".join(sorted(rankings))
        raise UserError(f"{setting}: {scores} has no score {score!r}; choose one of {known}")
    return rankings[score], columns[rankings[score]].direction
