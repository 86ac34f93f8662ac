"""Which test and training images the figure of influential images shows, from the tables of pairwise influence."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from difficulty.figures.style.mosaic import spread_out


@dataclass(frozen=True)
class Influential:
    """What is shown; all tables with the columns of the ones that they are taken from.

    queries: the shown rows of QUERIES, with what is predicted, of `total`; tops: their rows of INFLUENTIAL with a rank
    below `images`, by rank;
    hidden: their duplicates with a larger rank, by rank; overall: whether helpful -> rows of OVERALL_INFLUENCE, most
    extreme first.
    """

    queries: pd.DataFrame
    total: int
    images: int
    tops: pd.DataFrame
    hidden: pd.DataFrame
    overall: dict[bool, pd.DataFrame]

    def example_ids(self) -> np.ndarray:
        """int64, of every image that is shown, each once, ascending."""
        tables = (self.queries, self.tops, *self.overall.values())
        return np.unique(np.concatenate([table["example_id"].to_numpy(np.int64) for table in tables]))


def choose_influential(
    influential: pd.DataFrame,
    overall: pd.DataFrame,
    queries: pd.DataFrame,
    most_queries: int = 10,
    images: int = 6,
    most_overall: int = 12,
) -> Influential:
    """At most `most_queries` queries, evenly spread in the order of their table, with what influences them most.

    influential, overall, queries: as INFLUENTIAL, OVERALL_INFLUENCE and QUERIES, these with `predicted`. images:
    training images per query and sign. most_overall: training images of each sign, by their mean influence; equal
    ones in the order of the table.
    """
    shown = queries.iloc[spread_out(len(queries), most_queries)]
    rows = influential[influential["query_id"].isin(shown["example_id"])].sort_values("rank", kind="stable")
    # A duplicate is in the table wherever it ranks: it is shown only where all before it are.
    place = rows.groupby(["query_id", "helpful"]).cumcount()
    top = ((rows["rank"] == place) & (place < images)).to_numpy()
    by_influence = overall.sort_values("influence", ascending=False, kind="stable")
    helpful = by_influence[by_influence["influence"] > 0].head(most_overall)
    harmful = overall[overall["influence"] < 0].sort_values("influence", kind="stable").head(most_overall)
    return Influential(
        shown,
        len(queries),
        images,
        rows[top],
        rows[~top & rows["is_duplicate"].to_numpy(bool)],
        {True: helpful, False: harmful},
    )
