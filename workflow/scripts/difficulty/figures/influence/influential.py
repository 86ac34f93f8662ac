"""The training images that help or harm the prediction of single test images (queries) most, and of all together.

Pairwise influence of Koh & Liang 2017 (arXiv 1703.04730) and Grosse et al. 2023 (arXiv 2308.03296).
"""

from argparse import Namespace
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from difficulty.datasets.example_tables import LABELS
from difficulty.figures.influence.choice import Influential, choose_influential
from difficulty.figures.influence.sheet import HEADING, SIDE, SIGNS, Layout, Sheet
from difficulty.figures.inputs import ONE, SEVERAL
from difficulty.figures.reading import images_of, names_of_classes
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.mosaic import thumbnails
from difficulty.figures.style.text import counted, wrapped
from difficulty.scores.influence.pairwise_tables import INFLUENTIAL, OVERALL_INFLUENCE, QUERIES
from difficulty.tables import read_table
from difficulty.training.majority import majority_of

INPUTS = {
    "influential": ONE,
    "overall": ONE,
    "queries": ONE,
    "records": SEVERAL,
    "labels": ONE,
    "examples": ONE,
    "pixels": ONE,
}

_CURVATURES = {"identity": "no curvature", "diagonal": "diagonal curvature", "kfac": "K-FAC", "ekfac": "EK-FAC"}
_EXPLANATION = "mean influence over these queries; top of n: among the most helpful (right: most harmful) of n queries"
# What it is, and what a positive and a negative influence do to it.
_MEASURED = {
    "margin": (
        "margin (the logit of its label against the logsumexp of the others)",
        "raises the margin; negative: lowers it",
    ),
    "loss": ("loss", "lowers the loss; negative: raises it"),
}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the queries, the training images that influence them most, and what most runs predict for the queries."""
    queries = read_table(inputs.queries, QUERIES)
    queries["predicted"] = majority_of(inputs.records, pd.Index(queries["example_id"]), "test")
    influential, overall = read_table(inputs.influential, INFLUENTIAL), read_table(inputs.overall, OVERALL_INFLUENCE)
    chosen = choose_influential(influential, overall, queries)
    shown = chosen.example_ids()
    how = _computed(inputs.influential.stem, settings["damping"])
    return influential_figure(
        chosen,
        read_table(inputs.labels, LABELS).set_index("example_id").loc[shown],
        images_of(inputs.pixels, shown)[:],
        names_of_classes(inputs.examples),
        f"{inputs.labels.parent.name}: what helps and harms the prediction of {inputs.queries.stem}? ({how})",
        settings["measurement"],
    )


def _computed(variant: str, damping: str) -> str:
    """How influence was computed, of a variant such as ekfac_bfloat16: `EK-FAC, bfloat16, damping ...`."""
    strategy, _, precision = variant.partition("_")
    damped = f"damping {damping}" if strategy != "identity" else ""
    return ", ".join(part for part in (_CURVATURES[strategy], precision, damped) if part)


@styled()
def influential_figure(
    chosen: Influential,
    labels: pd.DataFrame,
    images: np.ndarray,
    class_names: Mapping[int, str],
    title: str,
    measurement: str = "margin",
) -> Figure:
    """One row per query with its most helpful and most harmful training images; below, those of all queries.

    labels: label, clean_label, is_corrupt, with the example_id as index, of all that is shown; images: uint8
    (N, H, W, C) in the same order. measurement: what of a query is influenced, its margin or its loss.
    """
    if not len(chosen.queries):
        return empty_figure(title, "no test image was chosen as a query", width=7.6)
    tiles = thumbnails(images, SIDE)
    any_planted = bool(labels["is_corrupt"].any())
    layout = Layout(chosen, tiles.shape[1], any_planted)
    sheet = Sheet(layout, labels, tiles, class_names)
    _add_queries(sheet, layout, chosen)
    _add_overall(sheet, layout, chosen)
    return sheet.drawn(title, _notes(chosen, any_planted, measurement))


def _add_queries(sheet: Sheet, layout: Layout, chosen: Influential) -> None:
    """A row per query, with its most helpful and its most harmful training images."""
    sheet.add_heading(0, "query", {helpful: f"most {name}" for helpful, name in SIGNS.items()})
    for place, query in enumerate(chosen.queries.itertuples()):
        tops, hidden = (table[table["query_id"] == query.example_id] for table in (chosen.tops, chosen.hidden))
        sheet.add_query(query, layout.row(place), hidden_duplicates(hidden))
        for helpful in SIGNS:
            sheet.add_tops(tops[tops["helpful"] == helpful], layout.row(place), helpful, query.label)


def _add_overall(sheet: Sheet, layout: Layout, chosen: Influential) -> None:
    """Below them the training images with the largest and the most negative influence on all queries."""
    means = {True: "largest positive mean influence", False: "most negative mean influence"}
    total = "over the one query" if chosen.total == 1 else f"over all {chosen.total:,} queries"
    sheet.add_heading(layout.second, total, means)
    sheet.explain(wrapped(_EXPLANATION, 30, 4), layout.second + HEADING)
    for helpful, table in chosen.overall.items():
        sheet.add_overall(table, layout.second + HEADING, helpful)


def hidden_duplicates(table: pd.DataFrame) -> list[str]:
    """Lines of text on a query's duplicates that are not shown, rows of INFLUENTIAL by rank."""
    if not len(table):
        return []
    places = [f"{SIGNS[row.helpful]}, rank {row.rank:,}" for row in table.itertuples()]
    heading = "duplicate in training:" if len(places) == 1 else f"{len(places):,} duplicates in training:"
    return [heading, *places] if len(places) < 3 else [heading, places[0], f"and {len(places) - 1:,} more"]


def _notes(chosen: Influential, any_planted: bool, measurement: str) -> list[str]:
    which = counted(chosen.total, "test image")
    if len(chosen.queries) < chosen.total:
        which = f"{len(chosen.queries):,} of {which}, evenly spread"
    notes = [
        f"Queries: {which}; red: what most runs predict, where it is not the label. Right of each, the training images "
        f"with the largest influence on its {_MEASURED[measurement][0]}. Below them the influence and the given label, "
        f"bold where it is the query's. Positive: more weight on this image {_MEASURED[measurement][1]}. "
        f"{_of_runs(chosen.tops)}"
    ]
    frames = []
    if any_planted:
        frames.append("Amber frame: the given label was planted wrong; the clean label is in brackets.")
    if chosen.tops["is_duplicate"].any():
        frames.append("Blue frame: duplicate, its file has the same content as the query's.")
    if len(chosen.hidden):
        frames.append("Duplicates that rank beyond a query's shown images are told beside it; the first rank is 0.")
    return [*notes, " ".join(frames)] if frames else notes


def _of_runs(tops: pd.DataFrame) -> str:
    if not len(tops):
        return ""
    fewest, most = tops["runs"].min(), tops["runs"].max()
    runs = counted(most, "run") if fewest == most else f"{fewest:,} to {most:,} runs"
    return f"Mean over the runs that were trained on the image ({runs})."
