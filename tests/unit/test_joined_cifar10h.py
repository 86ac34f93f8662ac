"""Joined statistics of images: what people say of CIFAR-10's test images (CIFAR-10H), against published values."""

import numpy as np
import pandas as pd
import pytest

from difficulty.datasets import image_folder, parquet
from tests.support.joined_stand_ins import DATA, values_of

EXACT = 1e-12
ROUNDED = 5e-5  # numbers with four decimal places
HUMANS, IMAGES = DATA / "cifar10h_test.parquet", DATA / "cifar10_test_jpeg.parquet"
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BY_INDEX = {"by": "original_index", "column": "index", "probabilities": [f"c10h_prob_{name}" for name in CLASSES]}
BY_NAME = {**BY_INDEX, "by": "name"}

cifar10h = pytest.mark.skipif(not (HUMANS.is_file() and IMAGES.is_file()), reason=f"{HUMANS} or {IMAGES} is not here")


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
