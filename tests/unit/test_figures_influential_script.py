"""The figure of influential images, from the tables that it reads."""

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.pixels import write_pixels
from difficulty.scores.influence.pairwise_tables import INFLUENTIAL, OVERALL_INFLUENCE, QUERIES
from difficulty.tables import write_table
from difficulty.training.run_tables import RECORDS
from tests.support.depth_stand_ins import make_images
from tests.support.drawn_figures import drawn_figure
from tests.support.figure_reading import said
from tests.support.influential_stand_ins import FIRST_QUERY, make_overall, make_queries, make_tops, painted

FACTS = {"damping": "0.1 relative", "measurement": "margin"}


def write_inputs(folder, count):
    """Tables of an experiment with so many queries; returns the options that name them."""
    ids = np.arange(FIRST_QUERY + 5)[::-1]
    label = ids % 10
    examples = pd.DataFrame({"example_id": ids, "split": np.where(ids < FIRST_QUERY, "train", "test"), "label": label})
    labels = examples.assign(clean_label=label, label=np.where(ids == 1, 7, label), is_corrupt=ids == 1, content=ids)
    examples = examples.assign(key=ids.astype(str), original_index=ids, class_name=[f"class {one}" for one in label])
    examples = examples.assign(file="", sha256="", duplicate_of=pd.array([None] * len(ids), "Int64"))
    queries = make_queries(count)
    tests = examples[examples["split"] == "test"]
    records = pd.DataFrame(dict.fromkeys(RECORDS.columns, 0.0), index=tests.index).assign(
        example_id=tests["example_id"], epoch=1, role="test", predicted=tests["label"], correct=True
    )
    pairwise = folder / "noisy" / "influential" / "wrong"
    tables = {
        "examples": (examples, folder / "examples.parquet", EXAMPLES),
        "labels": (labels, folder / "noisy" / "labels.parquet", LABELS),
        "records": (records, folder / "noisy" / "seed-0" / "records.parquet", RECORDS),
        "queries": (queries.drop(columns="predicted"), folder / "noisy" / "queries" / "wrong.parquet", QUERIES),
        "influential": (make_tops(queries), pairwise / "ekfac_bfloat16.parquet", INFLUENTIAL),
        "overall": (make_overall([1.0, -1.0] if count else []), pairwise / "overall.parquet", OVERALL_INFLUENCE),
    }
    for table, path, schema in tables.values():
        write_table(table, path, schema)
    write_pixels(folder / "pixels.parquet", ids, make_images(len(ids)), {})
    paths = {name: path for name, (_, path, _) in tables.items()} | {"pixels": folder / "pixels.parquet"}
    return paths | {"records": [paths["records"]]}


def test_no_queries_are_said_so(tmp_path):
    figure = drawn_figure("influence.influential", FACTS, **write_inputs(tmp_path, 0))
    assert "no test image was chosen as a query" in said(figure)


def test_images_and_names_are_those_of_the_examples(tmp_path):
    figure = drawn_figure("influence.influential", FACTS, **write_inputs(tmp_path, 2))
    values = [[154 - example for example in line] for line in ([150, 0, 1, 2, 50, 51, 52], [151, 0, 1, 2, 50, 51, 52])]
    assert painted(figure) == [*values, [154, 153]]
    texts = said(figure)
    assert "noisy: what helps and harms the prediction of wrong? (EK-FAC, bfloat16, damping 0.1 relative)" in texts
    assert "class 7 (class 1)" in texts
