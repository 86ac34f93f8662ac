"""Generated shapes: areas and extents in closed form, and images that depend on nothing but their name."""

import numpy as np
import pandas as pd
import pytest

from difficulty.config.data.datasets import Shapes
from difficulty.datasets import shapes
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.preparation import prepare

SETTINGS = {"train": 300, "test": 60, "seed": 0}
AREA_TOLERANCE = 0.02  # of 4 x 4 points per pixel, at radius 10
# Of outlines of unit radius. The heart curve encloses 180 pi; its farthest point is found on a fine grid.
ANGLE = np.linspace(0, 2 * np.pi, 1_000_001)
HEART = np.stack(
    [16 * np.sin(ANGLE) ** 3, 13 * np.cos(ANGLE) - 5 * np.cos(2 * ANGLE) - 2 * np.cos(3 * ANGLE) - np.cos(4 * ANGLE)]
)
HEART[1] -= (HEART[1].max() + HEART[1].min()) / 2
AREAS = {
    "circle": lambda ratio: np.pi,
    "ellipse": lambda ratio: np.pi * ratio,
    "square": lambda ratio: 2,
    "rectangle": lambda ratio: 4 * ratio / (1 + ratio**2),
    "right_triangle": lambda ratio: (2 * 0.6) * (2 * 0.8) / 2,
    "heart": lambda ratio: 180 * np.pi / (HEART**2).sum(axis=0).max(),
}


@pytest.fixture(scope="module")
def source():
    return shapes.read(SETTINGS)


def pixels(source):
    return np.stack([source.image(row) for row in range(len(source.examples))])


def shoelace(corners):
    x, y = corners.T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_outlines_have_the_area_of_their_formula_and_unit_radius(shape):
    outline = shapes.outline(shape, 0.6)
    assert shoelace(outline) == pytest.approx(AREAS[shape](0.6), rel=2e-3)
    assert np.linalg.norm(outline, axis=1).max() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("rotation", [0, 33, 250])
@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_drawn_shapes_have_the_area_of_their_formula_and_stay_within_their_radius(shape, rotation):
    center, radius = (15.3, 17.1), 10
    covered = shapes.coverage(shape, radius, 0.6, rotation, center)
    assert covered.sum() == pytest.approx(AREAS[shape](0.6) * radius**2, rel=AREA_TOLERANCE)
    y, x = np.nonzero(covered) + np.array([[0.5], [0.5]])
    distance = np.hypot(x - center[0], y - center[1])
    half_diagonal = np.sqrt(0.5)
    assert radius - 2 * half_diagonal < distance.max() < radius + half_diagonal


def test_rotation_is_clockwise_on_the_screen():
    flat, upright = (shapes.coverage("ellipse", 12, 0.35, turn, (16, 16)) for turn in (0, 90))
    np.testing.assert_array_equal(flat, upright.T)
    assert flat.any(axis=0).sum() > 2 * flat.any(axis=1).sum()
    corner = shapes.coverage("right_triangle", 12, 1, 0, (16, 16))  # right angle below, left of the middle
    turned = shapes.coverage("right_triangle", 12, 1, 90, (16, 16))
    assert corner[20:].sum() > 0 == corner[:16].sum()
    assert turned[:, :12].sum() > 0 == turned[:, 16:].sum()


def test_images_are_what_their_parameters_say(source):
    examples = source.examples
    for row in range(60):
        example = examples.iloc[row]
        ratio = example["axis_ratio"] if example["class_name"] in ("ellipse", "rectangle") else 1
        center = example["center_x"], example["center_y"]
        covered = shapes.coverage(example["class_name"], example["radius"], ratio, example["rotation"], center)
        image = source.image(row) / 255
        inside = image[(covered == 1) & (image < 1)]
        assert inside.mean() == pytest.approx(example["intensity"], abs=5 * 0.1 / np.sqrt(len(inside)) + 0.05)
        # Outside is half of a normal distribution of deviation 0.1: its mean is 0.1 / sqrt(2 pi).
        assert image[covered == 0].mean() == pytest.approx(0.1 / np.sqrt(2 * np.pi), abs=0.015)


def test_parameters_are_in_their_ranges(source):
    examples = source.examples.set_index("class_name")
    assert examples["radius"].between(4, 13).all() and examples["intensity"].between(0.5, 1).all()
    assert examples["rotation"].between(0, 360).all()
    for center in ("center_x", "center_y"):
        assert (examples[center] >= examples["radius"]).all()
        assert (examples[center] + examples["radius"] <= shapes.SIDE).all()
    assert (examples["noise"] - 0.1).abs().max() < 5 * 0.1 / np.sqrt(2 * 32 * 32)
    assert examples.loc["ellipse", "axis_ratio"].between(0.35, 0.8).all()
    assert examples.loc["rectangle", "axis_ratio"].between(0.3, 0.75).all()
    assert (examples.loc[["circle", "square"], "axis_ratio"] == 1).all()
    assert examples.loc[["heart", "right_triangle"], "axis_ratio"].isna().all()


def test_classes_are_balanced_and_in_random_order(source):
    train = source.examples[source.examples["split"] == "train"]
    assert train["label"].value_counts().tolist() == [50] * 6
    assert train["label"].tolist() != (list(range(6)) * 50)
    names = train.groupby("label")["class_name"].unique().explode()
    assert names.tolist() == ["circle", "square", "rectangle", "right_triangle", "heart", "ellipse"]


def test_more_images_leave_the_first_as_they_are_and_seeds_do_not(source):
    more = shapes.read({"train": 400, "test": 61, "seed": 0})
    assert len(more.examples) == 461
    kept = np.r_[:300, 400:460]
    np.testing.assert_array_equal(pixels(more)[kept], pixels(source))
    pd.testing.assert_frame_equal(more.examples.iloc[kept].reset_index(drop=True), source.examples)
    other = pixels(shapes.read({**SETTINGS, "seed": 1}))
    assert not (other == pixels(source)).all(axis=(1, 2)).any()
    assert not (pixels(source)[:60] == pixels(source)[300:]).all(axis=(1, 2)).any()


def test_truth_columns_are_those_of_the_configuration(tmp_path):
    examples = prepare(shapes.read({"train": 6, "test": 6, "seed": 0}), {}, tmp_path).examples
    truth = [name for name in examples if name not in EXAMPLES.columns]
    assert truth == Shapes(source="shapes").truth_columns()
    assert examples["duplicate_of"].isna().all()
