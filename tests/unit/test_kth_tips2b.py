"""KTH-TIPS2-b in its own layout: which samples train and test, what the file names tell, what cannot be used."""

import itertools
import logging
from collections import Counter

import numpy as np
import PIL.Image
import pytest

from difficulty.analysis.truth_correlation import numeric_columns
from difficulty.config.data.image_folders import KthTips2b
from difficulty.datasets import kth_tips2b
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError

NUMBERS = {"cork": 16, "wool": 22}
PER_SAMPLE = 9 * 12


def save(path, level=0, shape=(4, 5, 3)):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.full(shape, level, np.uint8)).save(path)


def name_of(kind, sample, scale, image):
    return f"{NUMBERS[kind]}{sample}-scale_{scale}_im_{image}_col.png"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two materials with all that each has in the data set; never changed."""
    root = tmp_path_factory.mktemp("kth") / "KTH-TIPS2-b"
    for kind, sample, scale, image in itertools.product(NUMBERS, "abcd", range(2, 11), range(1, 13)):
        path = root / kind / f"sample_{sample}" / name_of(kind, sample, scale, image)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.fixture
def small(tmp_path):
    """Two materials with two images of each sample; may be changed."""
    root = tmp_path / "KTH-TIPS2-b"
    for level, (kind, sample, image) in enumerate(itertools.product(NUMBERS, "abcd", (1, 12))):
        save(root / kind / f"sample_{sample}" / name_of(kind, sample, 10, image), level)
    return root


def read(root, **settings):
    return kth_tips2b.read(KthTips2b(source="kth_tips2b", path=str(root), **settings).model_dump(exclude_none=True))


def test_a_sample_of_each_class_is_the_test(whole):
    examples = read(whole).examples
    assert (examples["split"] == "train").sum() == 2 * 3 * PER_SAMPLE
    assert set(zip(examples["split"], examples["sample"], strict=True)) == {
        ("train", "a"),
        ("train", "b"),
        ("train", "d"),
        ("test", "c"),
    }
    assert examples["split"].is_monotonic_decreasing and examples["key"].is_unique
    assert set(zip(examples["label"], examples["class_name"], strict=True)) == {(0, "cork"), (1, "wool")}
    assert examples["original_index"].tolist() == [*range(2 * 3 * PER_SAMPLE), *range(2 * PER_SAMPLE)]
    others = read(whole, test_samples=["d", "a"]).examples
    assert Counter(others["split"]) == {"train": 4 * PER_SAMPLE, "test": 4 * PER_SAMPLE}


def test_names_tell_under_what_a_photograph_was_taken(whole):
    examples = read(whole).examples
    assert Counter(examples["scale"]) == dict.fromkeys(range(2, 11), 2 * 4 * 12)
    assert Counter(examples["pose"]) == dict.fromkeys(("frontal", "right", "left"), 2 * 4 * 9 * 4)
    assert Counter(examples["illumination"]) == dict.fromkeys(("front", "top", "side", "ambient"), 2 * 4 * 9 * 3)
    assert (examples.groupby(["pose", "illumination", "scale"]).size() == 2 * 4).all()


@pytest.mark.parametrize(
    "name, scale, pose, rotation, illumination",
    [  # the first two are examples of a public reader of the data set, the third one of another but for its side
        ("15d-scale_2_im_1_col.png", 2, "frontal", 0, "front"),
        ("15a-scale_10_im_10_col.png", 10, "frontal", 0, "ambient"),
        ("42a-scale_4_im_5_col.png", 4, "right", 22.5, "top"),
        ("22b-scale_9_im_9_col.png", 9, "left", 22.5, "side"),
        ("44-scale_5_im_12_col.png", 5, "left", 22.5, "ambient"),
    ],
)
def test_conditions(name, scale, pose, rotation, illumination):
    found = kth_tips2b.conditions(name)
    lights = {light: found.pop(f"light_{light}") for light in ("front", "top", "side", "ambient")}
    assert found == {"scale": scale, "pose": pose, "rotation": rotation, "illumination": illumination}
    assert [light for light, lit in lights.items() if lit] == [illumination]


@pytest.mark.parametrize(
    "name",
    [
        "15a-scale_1_im_1_col.png",
        "15a-scale_11_im_1_col.png",
        "15a-scale_2_im_0_col.png",
        "15a-scale_2_im_13_col.png",
        "15a-scale_2_im_1_grey.png",
        "a-scale_2_im_1_col.png",
        "15a-scale_2_im_1_col.png.png",
        "IMG_1.png",
    ],
)
def test_other_names_tell_nothing(name):
    assert kth_tips2b.conditions(name) is None


def test_truth_columns_are_those_of_the_configuration_and_names_are_no_numbers(whole):
    examples, source = read(whole).examples, KthTips2b(source="kth_tips2b")
    assert list(examples.columns) == [
        "split",
        "key",
        "original_index",
        "label",
        "class_name",
        *source.truth_columns(),
    ]
    numeric = ["scale", "rotation", "light_front", "light_top", "light_side", "light_ambient"]
    assert list(numeric_columns(examples, source.truth_columns())) == numeric


def test_images_are_prepared(small, tmp_path):
    source = read(small)
    assert source.notes == ()
    prepared = prepare(source, {"size": 4}, tmp_path / "images")
    assert len(prepared.examples) == 16
    for key, file, level in zip(
        prepared.examples["key"], prepared.examples["file"], prepared.images[:, 0, 0, 0], strict=True
    ):
        assert (tmp_path / "images" / file).samefile(small / key)
        assert np.asarray(PIL.Image.open(small / key))[0, 0, 0] == level


def test_files_of_other_names_are_told_or_left_out(small, caplog):
    save(small / "cork" / "sample_a" / "extra.png")
    save(small / "wool" / "sample_c" / name_of("wool", "c", 11, 1))
    (small / "wool" / "sample_c" / "Thumbs.db").touch()
    save(small / "wool" / "sample_c" / ".hidden.png")
    save(small / "readme.png")
    names = "cork/sample_a/extra.png, wool/sample_c/22c-scale_11_im_1_col.png"
    problem = f"{small}: 2 files ({names}) are not called like 15a-scale_10_im_10_col.png"
    with caplog.at_level(logging.INFO), pytest.raises(UserError) as caught:
        read(small)
    assert str(caught.value) == f"{problem}; fix this or set on_bad_image: skip"
    assert "Thumbs.db: left out: no image by name or content" in caplog.text
    source = read(small, on_bad_image="skip")
    assert len(source.examples) == 16 and source.notes == (problem,)


def test_class_without_training_images_is_told_or_left_out(small):
    for sample in "abd":
        for path in (small / "wool" / f"sample_{sample}").iterdir():
            path.unlink()
    problem = f"{small / 'wool'}: class 'wool' has no training images"
    with pytest.raises(UserError) as caught:
        read(small)
    assert str(caught.value) == f"{problem}; fix this or set on_bad_image: skip"
    source = read(small, on_bad_image="skip")
    assert source.notes == (problem,) and Counter(source.examples["class_name"]) == {"cork": 8, "wool": 2}
    for sample in "abd":
        for path in (small / "cork" / f"sample_{sample}").iterdir():
            path.unlink()
    with pytest.raises(UserError, match=r"KTH-TIPS2-b: no training images; .*class 'cork'"):
        read(small, on_bad_image="skip")


def test_folders_of_another_layout(small, tmp_path):
    layout = r"expected \{class\}/sample_a/\*\.png and so on; set datasets\.\*\.path to the folder KTH-TIPS2-b"
    with pytest.raises(UserError, match=f"none: no such folder; {layout}"):
        read(tmp_path / "none")
    with pytest.raises(UserError, match=f"no samples in it; {layout}"):
        read(tmp_path)
    for path in small.glob("*/sample_c"):
        path.rename(path.with_name("sample_x"))
    with pytest.raises(UserError, match=r"no sample c; set datasets\.\*\.test_samples to some of a, b, d, x"):
        read(small)
