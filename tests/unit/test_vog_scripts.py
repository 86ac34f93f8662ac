"""From tables of runs to the tables and figures of VoG: no test split, one run, one stage, a class with one member."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from difficulty.analysis.vog_correlation import VOG_CORRELATION
from difficulty.analysis.vog_errors import VOG_ERRORS
from difficulty.analysis.vog_label_noise import VOG_LABEL_NOISE
from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import RUN_SCORES, SCORES, collect_scores
from difficulty.scores.vog.tables import VOG_RUN, run_scores, vog_columns
from difficulty.tables import Column, read_table, write_table
from tests.support.drawn_figures import drawn_figure
from tests.support.scripts import succeed

EXAMPLES = 60
STAGES = {"late": [2, 3]}
LOSS = {"loss": Column(pa.float32(), "cross-entropy", direction=+1)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Scores of one run on training images only; the last example is the only one of its class."""
    folder, draws, ids = tmp_path_factory.mktemp("experiment"), np.random.default_rng(0), np.arange(EXAMPLES)
    labels = pd.DataFrame({"example_id": ids, "split": "train", "clean_label": ids % 2})
    labels["label"] = np.where(ids < EXAMPLES - 1, np.where(ids < 6, 1 - ids % 2, ids % 2), 2)
    labels = labels.assign(is_corrupt=ids < 6, content=ids)
    write_table(labels, folder / "labels.parquet", LABELS)
    rows = pd.DataFrame({"example_id": ids, "stage": "late", "vog": draws.random(EXAMPLES), "predicted": ids % 2})
    rows["magnitude"] = rows["vog"] + draws.random(EXAMPLES)
    rows = rows.assign(**{name: 0.5 for name in VOG_RUN.columns if name not in rows})  # what no figure here reads
    # In two parts, as a run with shards leaves them.
    for part in (0, 1):
        write_table(rows[part::2], folder / "seed-0" / f"vog-shard-{part}.parquet", VOG_RUN)
    roles = pd.Series("train", ids)
    scores = run_scores(rows, STAGES, labels.set_index("example_id")["label"], roles).reset_index().assign(run="seed-0")
    write_table(scores, folder / "vog.parquet", RUN_SCORES.extended(vog_columns(STAGES)))
    loss = scores[["example_id", "run", "role"]].assign(loss=draws.random(EXAMPLES))
    table, columns = collect_scores(labels, {0: "a", 1: "b", 2: "c"}, [(loss, LOSS), (scores, vog_columns(STAGES))])
    write_table(table, folder / "scores.parquet", SCORES.extended(columns))
    succeed(
        "compute_vog_analysis",
        settings={"stages": list(STAGES), "bootstrap": 20},
        labels=folder / "labels.parquet",
        scores=folder / "scores.parquet",
        family=folder / "vog.parquet",
        runs=[folder / "seed-0" / f"vog-shard-{part}.parquet" for part in (0, 1)],
        errors=folder / "vog-errors.parquet",
        correlation=folder / "vog-correlation.parquet",
        log=folder / "log",
        **{"label-noise": folder / "vog-label-noise.parquet"},
    )
    return folder


def test_tables(folder):
    errors = read_table(folder / "vog-errors.parquet", VOG_ERRORS)
    assert errors["role"].unique().tolist() == ["train"]
    assert errors["undefined"].unique().tolist() == [1]
    whole = errors.query("part == 'lowest' and percent == 100 and run == 'all' and ranked_by == 'vog'")
    assert whole["error_rate"].item() == pytest.approx(6 / 59)
    correlation = read_table(folder / "vog-correlation.parquet", VOG_CORRELATION)
    assert set(correlation["score"]) == {"vog_late", "vog_late_raw", "gradient_magnitude", "loss"}
    assert correlation["examples"].unique().tolist() == [59]
    noise = read_table(folder / "vog-label-noise.parquet", VOG_LABEL_NOISE)
    assert noise["score"].tolist() == ["vog_late", "vog_late_raw", "gradient_magnitude"]
    assert noise["corrupt"].unique().tolist() == [6]
    assert noise["pristine"].tolist() == [53, 54, 54]


@pytest.mark.parametrize(
    "figure, tables",
    [("errors", "errors"), ("correlation", "correlation"), ("stages", "scores correlation label_noise")],
)
def test_figures(folder, figure, tables):
    inputs = {name: folder / f"vog-{name.replace('_', '-')}.parquet" for name in tables.split()}
    if "scores" in inputs:
        inputs["scores"] = folder / "scores.parquet"
    assert drawn_figure(f"vog.{figure}", {"stages": list(STAGES.items())}, **inputs).axes
