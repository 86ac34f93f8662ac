"""An order of scores in which those that order the examples alike stand next to each other."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


def similar_order(table: pd.DataFrame) -> list[str]:
    """The scores of a correlation table, ordered by average linkage with optimal ordering of the leaves.

    table: score_a, score_b, direction_a, direction_b and spearman of every ordered pair, of one role. The distance of
    two scores is 1 minus the correlation after both are turned so that higher is harder; 1 where that is undefined.
    """
    scores = list(dict.fromkeys(table["score_a"]))
    if len(scores) < 3:
        return scores
    turned = table["spearman"].astype(float)
    for end in ("a", "b"):
        turned = turned.where(table[f"direction_{end}"].fillna(1) > 0, -turned)
    cells = turned.set_axis(pd.MultiIndex.from_frame(table[["score_a", "score_b"]]))
    matrix = cells.reindex(pd.MultiIndex.from_product([scores, scores])).to_numpy().reshape((len(scores),) * 2)
    distance = 1 - np.nan_to_num(matrix)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform((distance + distance.T) / 2, checks=False), "average", optimal_ordering=True)
    return [scores[leaf] for leaf in leaves_list(tree)]


def in_order(table: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """The rows of a correlation table of one role, scores in this order; scores that are not in it come last."""
    places = {score: place for place, score in enumerate(dict.fromkeys([*order, *table["score_a"]]))}
    return table.sort_values(["score_a", "score_b"], key=lambda scores: scores.map(places), kind="stable")
