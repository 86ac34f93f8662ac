"""Joined statistics of images: CIFAR-10H against its own column of entropies, and every mistake in a table."""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import spearmanr

from difficulty.analysis.correlation import CORRELATION
from difficulty.config.joins import _COLUMNS_OF_SCORES, Join
from difficulty.datasets import image_folder, parquet
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES, SCORES, collect_scores
from difficulty.scores.joined_statistics import human_entropy, image_name, joined, read_measured
from difficulty.tables import Column, read_schema, read_table, write_table

EXACT = 1e-12
ROUNDED = 5e-5  # numbers with four decimal places
DATA = Path(__file__).parents[3] / "shared" / "data"
HUMANS, IMAGES = DATA / "cifar10h_test.parquet", DATA / "cifar10_test_jpeg.parquet"
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BY_INDEX = {"by": "original_index", "column": "index", "probabilities": [f"c10h_prob_{name}" for name in CLASSES]}
BY_NAME = {**BY_INDEX, "by": "name"}
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"

cifar10h = pytest.mark.skipif(not (HUMANS.is_file() and IMAGES.is_file()), reason=f"{HUMANS} or {IMAGES} is not here")


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


# CIFAR-10H


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Peterson et al.'s table, whose rows are those of the test images in the original order."""
    return pd.read_parquet(HUMANS)


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    """CIFAR-10's test images as a data set of Parquet files has them."""
    settings = {"files": {"train": str(IMAGES)}, "image": "image", "label": "label", "index": "index"}
    return parquet.read(settings).examples


@cifar10h
def test_entropy_of_humans_is_the_published_one(people, published):
    values = values_of(published, HUMANS, BY_INDEX)
    np.testing.assert_allclose(values, people["c10h_entropy_bits"], rtol=0, atol=EXACT)
    assert values.mean() == pytest.approx(0.2228, abs=ROUNDED)
    assert np.median(values) == pytest.approx(0.137, abs=5e-4)
    assert values.max() == pytest.approx(2.860, abs=5e-4)
    assert np.mean(values == 0) == pytest.approx(0.439, abs=5e-4)


@cifar10h
def test_counts_and_the_published_array_give_the_same(people, published, tmp_path):
    counts = {**BY_INDEX, "probabilities": [f"c10h_count_{name}" for name in CLASSES]}
    expected = values_of(published, HUMANS, BY_INDEX)
    np.testing.assert_allclose(values_of(published, HUMANS, counts), expected, rtol=0, atol=EXACT)
    np.save(tmp_path / "cifar10h-probs.npy", people[BY_INDEX["probabilities"]].to_numpy())
    array = {"by": "original_index", "probabilities": "all"}
    np.testing.assert_array_equal(values_of(published, tmp_path / "cifar10h-probs.npy", array), expected)
    some = {"by": "original_index", "value": 3}
    np.testing.assert_array_equal(values_of(published, tmp_path / "cifar10h-probs.npy", some), people["c10h_prob_cat"])


@cifar10h
def test_neither_the_order_of_the_rows_nor_of_the_images_matters(people, published, tmp_path):
    shuffled = people.sample(frac=1, random_state=0)
    shuffled.to_parquet(tmp_path / "shuffled.parquet")
    images = published.sample(frac=1, random_state=1)
    expected = people.set_index("index").loc[images["original_index"], "c10h_entropy_bits"]
    np.testing.assert_allclose(values_of(images, tmp_path / "shuffled.parquet", BY_INDEX), expected, rtol=0, atol=EXACT)


@cifar10h
def test_images_in_folders_are_known_by_their_names(people, published, tmp_path):
    """Sorted by class, as folders are, the tenth row of the table is that of another image, mostly of another class."""
    rows = people.iloc[:2000]
    for row in rows.itertuples():
        folder = tmp_path / "train" / row.label_name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row.index:05d}.png").touch()
    images = image_folder.read({"path": tmp_path}).examples
    own = images["key"].str.extract(r"/(\d+)\.png")[0].astype(int)
    assert not (images["original_index"] == own).mean() > 0.01
    table = rows.assign(index=[f"{number:05d}" for number in rows["index"]])
    table.to_parquet(tmp_path / "named.parquet")
    table.to_csv(tmp_path / "named.csv", index=False)
    expected = people["c10h_entropy_bits"].to_numpy()[own]
    for file in ("named.parquet", "named.csv"):
        np.testing.assert_allclose(values_of(images, tmp_path / file, BY_NAME), expected, rtol=0, atol=EXACT)

    by_position = rows["c10h_entropy_bits"].to_numpy()[np.arange(len(images))]
    assert np.mean(by_position != expected) > 0.5
    assert np.mean(rows["label_name"].to_numpy() != images["class_name"].to_numpy()) > 0.85


@cifar10h
def test_position_in_the_order_of_classes_is_that_of_another_class(people, published):
    in_folders = published.sort_values(["class_name", "key"])
    other_class = people["label"].to_numpy() != in_folders["label"].to_numpy()
    assert other_class.mean() == pytest.approx(0.89, abs=0.015)  # METHODS of the reference: 89 % of the rows
    right = people.set_index("index").loc[in_folders["original_index"]]
    assert (right["label"].to_numpy() == in_folders["label"].to_numpy()).all()


# Entropy


def test_entropy_of_people():
    rows = np.array([[3, 0, 0, 0], [1, 1, 0, 0], [5, 5, 5, 5], [0.5, 0.25, 0.25, 0]])
    np.testing.assert_allclose(human_entropy(rows), [0, 1, 2, 1.5], rtol=0, atol=EXACT)
    random = np.random.default_rng(0).random((20, 7))
    plain = [-sum(p / sum(row) * np.log2(p / sum(row)) for p in row) for row in random]
    np.testing.assert_allclose(human_entropy(random), plain, rtol=0, atol=EXACT)


@pytest.mark.parametrize("row", [[0.5, -0.1], [0, 0], [1, np.nan], [np.inf, 1]])
def test_rows_that_are_no_votes(tmp_path, row):
    with pytest.raises(ValueError, match=r"^1 rows of probabilities, the first is row 2"):
        human_entropy(np.array([[1, 0], [0, 1], row]))
    settings = {"by": "original_index", "probabilities": "all"}
    np.save(tmp_path / "a.npy", np.array([[1, 0], row]))
    with pytest.raises(UserError, match=r"a\.npy: .*(mend|remove)"):
        read_measured(tmp_path / "a.npy", settings)


# Tables


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_the_table_does_not_say_is_nan(tmp_path, suffix):
    table, path = pd.DataFrame({"index": [2, 7, 0, 1], "s": [0.5, 1, 3, None]}), tmp_path / f"a{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    settings = {"by": "original_index", "column": "index", "value": "s", "split": "train"}
    values, unused = joined(examples(), read_measured(path, settings), settings)
    np.testing.assert_array_equal(values, [3, np.nan, 0.5, np.nan, np.nan])
    assert unused == 1


def test_csv_without_header_and_names_that_look_like_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("x,0012,1.5\ny,12,2.5\nz,dir/2008_000003.JPG,3\n")
    settings = {"by": "name", "column": 1, "value": 2, "header": False}
    images = examples(keys=["a/12.png", "a/0012.jpeg", "2008_000003", "2008_000003.x", "b/c/0.png"])
    values, unused = joined(images, read_measured(tmp_path / "a.csv", settings), settings)
    np.testing.assert_array_equal(values, [2.5, 1.5, 3, np.nan, np.nan])
    assert unused == 0


@pytest.mark.parametrize(
    ("text", "name"), [("a/b.c/2008_000002.JPEG", "2008_000002"), ("v1.5", "v1.5"), ("0012", "0012"), ("x.png", "x")]
)
def test_name_of_an_image(text, name):
    assert image_name(text) == name


@pytest.mark.skipif(not (DATA / "voc2012_vsd_scores.csv").is_file(), reason=f"{DATA} is not here")
def test_search_difficulty(tmp_path):
    """The first and the last line of the published table, 11,540 lines, by the names of files."""
    settings = {"by": "name", "column": 0, "value": 1, "header": False}
    found = read_measured(DATA / "voc2012_vsd_scores.csv", settings)
    lines = (DATA / "voc2012_vsd_scores.csv").read_text().split()
    assert len(found.keys) == len(lines) == 11_540
    ends = [line.split(",") for line in (lines[0], lines[-1])]
    images = examples(train=2, test=0, keys=[f"JPEGImages/{name}.jpg" for name, _ in ends])
    values, unused = joined(images, found, settings)
    assert values.tolist() == [float(seconds) for _, seconds in ends] and unused == 11_538


VALUE = {"by": "original_index", "column": "index", "value": "s"}
NAMED = {"by": "name", "column": "index", "value": "s"}


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        ({"i": [0], "s": [1.0]}, VALUE, "no column 'index'; it has i, s"),
        ({"index": [0], "t": [1.0]}, VALUE, "no column 's'; it has index, t"),
        ({"index": [0, 1, 0], "s": [1, 2, 3]}, VALUE, "original_index 0 occurs twice in column 'index'; keep one row"),
        ({"index": ["a.png", "b/a.jpg"], "s": [1, 2]}, NAMED, "name 'a' occurs twice in column 'index'; keep one row"),
        ({"index": [0, None], "s": [1, 2]}, VALUE, "1 rows have nothing in column 'index'; remove them"),
        ({"index": ["0"], "s": [1]}, VALUE, "column 'index' is string, expected whole numbers; join by name, or"),
        ({"index": [0.0], "s": [1]}, VALUE, "column 'index' is double, expected whole numbers"),
        ({"index": [0], "s": ["1.5 s"]}, VALUE, "column 's' is string, expected numbers; mend it or name another"),
        ({"index": [0], "s": [True]}, VALUE, "column 's' is bool, expected numbers"),
        ({"index": [0, 1], "s": [1, np.inf]}, VALUE, "column 's' has 1 numbers that are not finite, e.g. inf; mend"),
        ({"index": [0, 1], "s": [1, 1e39]}, VALUE, "column 's' has 1 numbers that are not finite, e.g. 1e\\+39"),
        ({"index": [0], "s": [np.nan]}, VALUE, "not finite, e.g. nan"),
        (
            {"index": [0, 1], "s": [1.0, 2], "t": [1, None]},
            {**VALUE, "value": None, "probabilities": ["s", "t"]},
            "row",
        ),
    ],
)
def test_tables_that_are_not_understood(tmp_path, table, settings, message):
    settings = {key: value for key, value in settings.items() if value is not None}
    with pytest.raises(UserError, match=rf"^\S+table\.parquet: .*{message}") as caught:
        measured(tmp_path, table, settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("a,b\n1\n", "cannot be read as a table"),
        ("0,1\n", "no column 2; it has 2, numbered from 0"),
    ],
)
def test_csv_files_without_header_that_are_not_understood(tmp_path, content, message):
    if content:
        (tmp_path / "a.csv").write_text(content)
    with pytest.raises(UserError, match=rf"a\.csv: {message}"):
        read_measured(tmp_path / "a.csv", {"by": "original_index", "column": 0, "value": 2, "header": False})


@pytest.mark.parametrize(
    ("array", "value", "message"),
    [
        (None, 0, "no such file"),
        (b"no array", 0, "cannot be read as an array"),
        (np.array([{}]), 0, "cannot be read as an array .*allow_pickle"),
        (np.array(["a"]), 0, "expected an array of numbers, a row for each image, got <U1"),
        (np.zeros((2, 2, 2)), 0, r"got float64 \(2, 2, 2\)"),
        (np.zeros((0, 2)), 0, r"got float64 \(0, 2\)"),
        (np.zeros((3, 2)), 2, "no column 2; it has 2, numbered from 0"),
        (np.zeros(3), 1, "no column 1; it has 1, numbered from 0"),
        (np.array([0, np.nan]), 0, "column 0 has 1 numbers that are not finite"),
    ],
)
def test_arrays_that_are_not_understood(tmp_path, array, value, message):
    if isinstance(array, bytes):
        (tmp_path / "a.npy").write_bytes(array)
    elif array is not None:
        np.save(tmp_path / "a.npy", array)
    with pytest.raises(UserError, match=rf"a\.npy: .*{message}") as caught:
        read_measured(tmp_path / "a.npy", {"by": "original_index", "value": value})
    assert "\n" not in str(caught.value)


def test_archives_are_no_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(UserError, match="expected an array of numbers, a row for each image, got an archive"):
        read_measured(tmp_path / "a.npy", {"by": "original_index", "value": 0})


@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (examples(), VALUE, "original_index 0 is that of several images of the data set; set split to the one"),
        (examples().assign(original_index=4), {**VALUE, "split": "test"}, "4 is that of several images .*join by name"),
        (examples(keys=["a/1.png", "b/1.png", "2", "3", "4"]), {**NAMED, "split": "train"}, "name '1' is .*original_i"),
        (examples(3, 0).assign(original_index=[7, 8, 9]), VALUE, "none of its 2 rows is of any of the 3 images meant,"),
        (examples(3, 0), {**NAMED, "split": "train"}, "whose name is e.g. '0000', not '0'; see by, column and split"),
        (examples(3, 0), {**VALUE, "split": "test"}, "of the 0 images meant, whose original_index is e.g. none"),
    ],
)
def test_images_that_are_not_found(tmp_path, images, settings, message):
    table = measured(tmp_path, {"index": [0, 1], "s": [1.0, 2.0]}, settings)
    with pytest.raises(UserError, match=rf"table\.parquet: .*{message}") as caught:
        joined(images, table, settings)
    assert "\n" not in str(caught.value)


# Scripts and configuration


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
        rows = table[table["is_test"] == (role == "test")].dropna(subset=names)
        assert set(found.loc[role, "examples"]) == {len(rows)} == {37 if role == "train" else 17}
        for first, second in product(names, names):
            expected = spearmanr(rows[first], rows[second]).statistic
            assert found.loc[(role, first, second), "spearman"] == pytest.approx(expected, abs=EXACT)


def test_a_role_with_one_score_has_no_matrix(compared, tmp_path):
    _, options = compared
    result = run("compute_correlation", settings={"scores": ["aum", "human"], "bootstrap": 10}, **options)
    assert result.returncode == 0, result.stderr
    assert read_table(options["output"], CORRELATION).groupby("role").size().to_dict() == {"train": 1, "test": 4}
    figures = {format: tmp_path / f"figure.{format}" for format in ("png", "pdf")}
    result = run(
        "plot_correlation", settings={"dpi": 100}, correlation=options["output"], log=tmp_path / "log", **figures
    )
    assert result.returncode == 0 and "Warning" not in result.stderr + (tmp_path / "log").read_text()


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
