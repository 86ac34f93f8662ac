"""Command line of the figure of influential images: it draws what the rule asks for."""

import argparse
import json
import runpy
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.pixels import write_pixels
from difficulty.scores.pairwise_tables import INFLUENTIAL, OVERALL_INFLUENCE, QUERIES
from difficulty.tables import write_table
from difficulty.training.run_tables import RECORDS
from tests.support.depth_stand_ins import make_images
from tests.support.figure_reading import said
from tests.support.influential_stand_ins import FIRST_QUERY, make_overall, make_queries, make_tops, painted
from tests.support.script_server import interpreter

SCRIPT = Path(__file__).parents[2] / "workflow" / "scripts" / "plot_influential.py"

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
    return {name: path for name, (_, path, _) in tables.items()} | {"pixels": folder / "pixels.parquet"}


def run_script(folder, inputs, settings):
    options = {**inputs, "settings": json.dumps(settings), "code": "c", "upstream": "u", "log": folder / "log"}
    options |= {"png": folder / "figure.png", "pdf": folder / "figure.pdf"}
    command = [interpreter(), str(SCRIPT), *(str(part) for name in options for part in (f"--{name}", options[name]))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_script_draws_what_the_rule_asks_for(tmp_path):
    run_script(tmp_path, write_inputs(tmp_path, 3), {"dpi": 40, **FACTS})


def test_script_draws_no_queries(tmp_path):
    run_script(tmp_path, write_inputs(tmp_path, 0), {"dpi": 40, **FACTS})


def test_images_and_names_are_those_of_the_examples(tmp_path):
    script, figures = runpy.run_path(str(SCRIPT)), []
    script["main"].__globals__["write_figure"] = lambda figure, args: figures.append(figure)
    settings = FACTS
    inputs = write_inputs(tmp_path, 2)
    script["main"](argparse.Namespace(settings=settings, **inputs | {"records": [inputs["records"]]}))
    values = [[154 - example for example in line] for line in ([150, 0, 1, 2, 50, 51, 52], [151, 0, 1, 2, 50, 51, 52])]
    assert painted(figures[0]) == [*values, [154, 153]]
    texts = said(figures[0])
    assert "noisy: what helps and harms the prediction of wrong (EK-FAC, bfloat16, damping 0.1 relative)" in texts
    assert "class 7 (class 1)" in texts
