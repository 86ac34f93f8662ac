"""Joined statistics of images: the scripts that make them and compare them, and their names in a configuration."""

import json
import subprocess
import sys
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from difficulty.analysis.correlation import CORRELATION
from difficulty.config.analyses.joins import _COLUMNS_OF_SCORES, Join
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.figures.style.saving import save_figure
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES, SCORES, collect_scores
from difficulty.tables import Column, read_schema, read_table, write_table
from tests.support.drawn_figures import drawn_figure
from tests.support.joined_stand_ins import VALUE, examples

EXACT = 1e-12
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def run(script, **options):
    command = [sys.executable, str(SCRIPTS / f"{script}.py")]
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        command += [f"--{name}", *(json.dumps(each) if isinstance(each, dict) else str(each) for each in values)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def dataset(tmp_path):
    """A folder of three training and two test images; the table knows the test images and one more."""
    folder = tmp_path / "digits"
    facts = {"label": 0, "class_name": "x", "file": "x.png", "sha256": "0", "duplicate_of": None}
    table = examples().assign(example_id=range(5), **facts)
    write_table(table, folder / "examples.parquet", EXAMPLES)
    (tmp_path / "a.csv").write_text("index,s\n1,0.5\n0,2.5\n9,1\n")
    return folder


def test_script_says_how_much_it_found(dataset, tmp_path):
    output, log = dataset / "joins" / "seconds.parquet", tmp_path / "log"
    options = {"table": tmp_path / "a.csv", "examples": dataset / "examples.parquet", "output": output, "log": log}
    result = run("join_statistic", settings={**VALUE, "split": "test"}, **options)
    assert result.returncode == 0 and result.stderr == ""
    found = read_table(output, EXAMPLE_SCORES)
    assert (
        found["example_id"].tolist() == [0, 1, 2, 3, 4] and found["seconds"].isna().tolist() == [True] * 3 + [False] * 2
    )
    assert found["seconds"].tolist()[3:] == [2.5, 0.5]
    column = read_schema(output).columns["seconds"]
    assert column.description.startswith("column s of a.csv; joined by original_index") and column.direction is None
    assert "2 of 5 images have a value (2 of test, 0 of train)" in log.read_text()
    assert "1 of 3 rows of the table found no image" in log.read_text()

    result = run("join_statistic", settings=VALUE, **options)
    assert result.returncode == 1 and len(result.stderr.splitlines()) == 1 and "set split to" in result.stderr


@pytest.mark.parametrize(("harder", "direction"), [("higher", 1), ("lower", -1)])
def test_subsets_are_chosen_by_what_is_known_of_all_training_images(dataset, tmp_path, harder, direction):
    table, output = dataset / "joins" / "seconds.parquet", tmp_path / "easy" / "chosen_by.parquet"
    schema = EXAMPLE_SCORES.extended({"seconds": Column(pa.float32(), "seconds", True)})
    write_table(pd.DataFrame({"example_id": range(5), "seconds": [1, 3, 2, None, None]}), table, schema)
    options = {"joined": table, "examples": dataset / "examples.parquet", "output": output, "log": tmp_path / "log"}
    assert run("order_by_joined", settings={"harder": harder}, **options).returncode == 0
    found = read_table(output, EXAMPLE_SCORES)
    assert found.to_dict("list") == {"example_id": [0, 1, 2], "seconds": [1, 3, 2]}
    assert read_schema(output).columns["seconds"].direction == direction

    write_table(pd.DataFrame({"example_id": range(5), "seconds": [1, None, 2, 3, 4]}), table, schema)
    failed = run("order_by_joined", settings={"harder": harder}, **options)
    assert failed.returncode == 1 and len(failed.stderr.splitlines()) == 1
    assert "datasets.easy.select: 1 of the 3 training images of 'digits' have no seconds; choose" in failed.stderr


@pytest.fixture
def compared(tmp_path):
    """40 training and 20 test images with aum; `human` is known of 18 of the latter, `seconds` of most."""
    random, is_test = np.random.default_rng(0), np.arange(60) >= 40
    ids, aum = {"example_id": np.arange(60)}, random.normal(size=60)
    images = pd.DataFrame(
        {"human": np.where(is_test, aum + random.normal(size=60), np.nan), "seconds": random.random(60)}
    )
    images.loc[[50, 51], "human"] = np.nan
    images.loc[[3, 4, 5, 52], "seconds"] = np.nan
    runs = pd.DataFrame({**ids, "run": "seed-0", "role": np.where(is_test, "test", "train"), "aum": aum})
    columns = {name: Column(pa.float32(), name, True) for name in images}
    aums = {"aum": Column(pa.float32(), "aum", True, -1)}
    write_table(runs, tmp_path / "dynamics.parquet", RUN_SCORES.extended(aums))
    write_table(images.assign(**ids), tmp_path / "images.parquet", EXAMPLE_SCORES.extended(columns))
    labels = pd.DataFrame({**ids, "split": runs["role"], "label": 0, "clean_label": 0, "is_corrupt": False})
    scores, found = collect_scores(labels, {0: "x"}, [(runs, aums)], [(images.assign(**ids), columns)])
    write_table(scores, tmp_path / "scores.parquet", SCORES.extended(found))
    families = [tmp_path / f"{family}.parquet" for family in ("dynamics", "images")]
    outputs = {name: tmp_path / f"{name}.parquet" for name in ("output", "stability", "seeds")}
    options = {"scores": tmp_path / "scores.parquet", "families": families, "log": tmp_path / "log", **outputs}
    return images.assign(aum=aum, is_test=is_test), options


def test_columns_that_are_known_of_some_images_are_compared_there(compared):
    table, options = compared
    result = run("compute_correlation", settings={"scores": ["aum", "human", "seconds"], "bootstrap": 10}, **options)
    assert result.returncode == 0, result.stderr
    found = read_table(options["output"], CORRELATION).set_index(["role", "score_a", "score_b"]).sort_index()
    assert len(found) == 4 + 9 and found["direction_b"].isna().sum() == 2 + 6
    for role, names in (("train", ["aum", "seconds"]), ("test", ["aum", "human", "seconds"])):
        rows = table[table["is_test"] == (role == "test")]
        for first, second in product(names, names):
            common, pair = rows[[first, second]].dropna().to_numpy(), found.loc[(role, first, second)]
            assert pair["examples"] == len(common)
            assert pair["spearman"] == pytest.approx(spearmanr(common[:, 0], common[:, -1]).statistic, abs=EXACT)
    assert found["examples"].groupby("role").min().to_dict() == {"test": 17, "train": 37}
    assert found[["reliability_a", "corrected"]].isna().all(axis=None)  # one seed


def test_a_role_with_one_score_has_no_matrix(compared, tmp_path):
    _, options = compared
    result = run("compute_correlation", settings={"scores": ["aum", "human"], "bootstrap": 10}, **options)
    assert result.returncode == 0, result.stderr
    assert read_table(options["output"], CORRELATION).groupby("role").size().to_dict() == {"train": 1, "test": 4}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = drawn_figure("scores.correlation", correlation=options["output"])
        save_figure(figure, [tmp_path / "figure.png"], 100)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split(":")[0] for title in titles if title] == ["test"]


def test_nothing_is_compared_where_nothing_is_known(compared):
    _, options = compared
    scores, columns = read_table(options["scores"], SCORES), read_schema(options["scores"]).columns
    write_table(scores.assign(human=np.nan, seconds=np.nan), options["scores"], SCORES.extended(dict(columns)))
    result = run("compute_correlation", settings={"scores": ["human", "seconds"], "bootstrap": 10}, **options)
    assert result.returncode == 1 and len(result.stderr.splitlines()) == 1
    assert "analyses.correlation.scores: no value of human, seconds in" in result.stderr


def test_names_of_columns_are_not_taken():
    assert tuple(SCORES.columns) == _COLUMNS_OF_SCORES


def test_examples_of_the_documentation():
    entropy = {"dataset": "cifar10", "split": "test", "file": "cifar10h-probs.npy", "by": "original_index"}
    assert Join(**entropy, probabilities="all").column is None
    difficulty = {"dataset": "voc", "file": "VSD_dataset.csv", "header": False, "by": "name", "column": 0, "value": 1}
    assert Join(**difficulty).harder == "higher"
