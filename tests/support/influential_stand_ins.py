"""Tables of pairwise influence that tests of their figure draw, and how they read its images."""

import numpy as np
import pandas as pd

from difficulty.scores.influence.pairwise_tables import INFLUENTIAL

FIRST_QUERY, FIRST_HARMFUL = 150, 50


def make_queries(count):
    """Query i is example 150 + i, of class i % 10, and predicted as that."""
    label = np.arange(count) % 10
    queries = pd.DataFrame({"example_id": FIRST_QUERY + np.arange(count), "label": label})
    return queries.assign(predicted=pd.array(label, "Int64"))


def make_tops(queries, helpful=3, harmful=3):
    """Of each query, example r is the r-th helpful one, example 50 + r the r-th harmful one; the first ones last."""
    rows = [
        (query, sign > 0, rank, first + rank, sign / (rank + 1), 0.1, 5, False)
        for query in queries["example_id"]
        for sign, first, count in ((1, 0, helpful), (-1, FIRST_HARMFUL, harmful))
        for rank in reversed(range(count))
    ]
    return pd.DataFrame(rows, columns=list(INFLUENTIAL.columns)).astype({"helpful": bool, "is_duplicate": bool})


def make_overall(influence):
    """Example i has the i-th of these mean influences; it is a top of i queries if helpful, of 2 i if harmful."""
    count = np.arange(len(influence))
    overall = pd.DataFrame({"example_id": count, "influence": np.asarray(influence, float)})
    overall = overall.assign(influence_absolute=overall["influence"].abs(), helped=np.int32(1))
    return overall.assign(top_helpful=count.astype(np.int32), top_harmful=2 * count.astype(np.int32))


def painted(figure):
    """Values of the grey images in reading order, a list for each line of them; frames (of a colour) are left out."""
    canvas, lines, last = figure.axes[0].images[0].get_array(), [], []
    for row in np.where(np.ptp(canvas, axis=2) == 0, canvas[..., 0], 255):
        values = row[np.flatnonzero(np.diff(row, prepend=255))]
        values = values[values < 255].tolist()
        if values and values != last:
            lines.append(values)
        last = values
    return lines
