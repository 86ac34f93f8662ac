"""PASCAL VOC's layout: lists, annotations, and what does not fit; areas against rasterised masks."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from difficulty.datasets import voc
from difficulty.datasets.label_sets import (
    named_text,
    set_class_names,
    set_classes,
    set_text,
    target_matrix,
)
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError
from tests.support.voc import write_image, write_list

ARCHIVE = Path(__file__).parents[3] / "shared" / "data" / "voc2007_subset.tar"
EXACT = 1e-12


@pytest.fixture
def devkit(tmp_path):
    """Three images of VOC2007, of which one is for the test."""
    folder = tmp_path / "VOCdevkit" / "VOC2007"
    write_image(folder, "000001", [("person", 1, 1, 10, 8, 0), ("dog", 2, 2, 3, 3, 1), ("person", 1, 1, 2, 2, 0)])
    write_image(folder, "000002", [("dog", 1, 1, 4, 2, 0), ("cat", 3, 1, 6, 2, 0)], seed=1)
    write_image(folder, "000003", [("sofa", 1, 1, 10, 8, 1), ("cat", 1, 1, 2, 2, 0), ("cat", 1, 1, 9, 2, 1)], seed=2)
    write_list(folder, "trainval", ["000002", "000001"])
    write_list(folder, "test", ["000003"])
    return tmp_path / "VOCdevkit"


def read(devkit, train=("VOC2007/trainval",), test=("VOC2007/test",), **settings):
    return voc.read({"path": str(devkit), "train": list(train), "test": list(test), **settings})


def test_classes_are_numbered_in_alphabetical_order():
    assert list(voc.CLASSES) == sorted(voc.CLASSES) and len(voc.CLASSES) == 20


def test_sets_labels_and_truth(devkit):
    source = read(devkit)
    examples = source.examples
    assert examples["key"].tolist() == ["000002", "000001", "000003"]
    assert examples["split"].tolist() == ["train", "train", "test"]
    assert examples["original_index"].tolist() == [0, 1, 0]
    assert examples["label_names"].tolist() == [["cat", "dog"], ["dog", "person"], ["cat"]]
    assert examples["label_set"].tolist() == [[7, 11], [11, 14], [7]]
    assert examples["uncounted"].tolist() == [[], [], [17]]  # its sofa is difficult, and it has another cat
    # Of two boxes of the same area the first class; in the test, of the objects that count.
    assert examples["class_name"].tolist() == ["cat", "person", "cat"]
    assert examples["label"].tolist() == [7, 14, 7]
    assert examples["objects"].tolist() == [2, 3, 3]
    np.testing.assert_allclose(examples["object_area"], [6 * 2 / 80, 1, 1], rtol=EXACT)
    assert source.image(1).name == "000001.jpg" and source.notes == ()


def test_files_keep_their_extension(devkit, tmp_path):
    prepared = prepare(read(devkit), {"size": 8}, tmp_path / "images")
    assert prepared.examples["file"].tolist() == [
        *("train/cat/000002.jpg", "train/person/000001.jpg", "test/cat/000003.jpg")
    ]
    assert prepared.images.shape == (3, 8, 8, 3)


def test_an_image_with_difficult_objects_only_counts_for_no_class(devkit):
    write_image(devkit / "VOC2007", "000003", [("sofa", 1, 1, 4, 4, 1), ("cat", 1, 1, 2, 2, 1)])
    test = read(devkit).examples.iloc[2]
    assert (test["label_set"], test["uncounted"], test["class_name"]) == ([], [7, 17], "sofa")


def test_several_folders_and_lists(devkit):
    other = devkit / "VOC2012"
    write_image(other, "2008_000001", [("bus", 1, 1, 2, 2, 0)])
    write_list(other, "train", ["2008_000001  1"])
    examples = read(devkit, ["VOC2007/trainval", "VOC2012/train"], []).examples
    assert examples["key"].tolist() == ["000002", "000001", "2008_000001"]
    assert examples["original_index"].tolist() == [0, 1, 2] and set(examples["split"]) == {"train"}
    write_image(other, "000001", [("bus", 1, 1, 2, 2, 0)])
    write_list(other, "val", ["000001 -1"])
    examples = read(devkit, ["VOC2007/trainval", "VOC2012/val"]).examples
    assert examples["key"].tolist() == ["VOC2007/000002", "VOC2007/000001", "VOC2012/000001", "VOC2007/000003"]


def test_lists_that_do_not_fit(devkit):
    with pytest.raises(UserError, match=r"Main/val\.txt: no such list; there are test, trainval$"):
        read(devkit, test=["VOC2007/val"])
    with pytest.raises(UserError, match=r"Main/val\.txt: no such list; see datasets\.\*\.path"):
        read(devkit, test=["VOC2008/val"])
    write_list(devkit / "VOC2007", "train", ["000001"])
    with pytest.raises(UserError, match=r"train\.txt: image '000001' is listed twice for train"):
        read(devkit, ["VOC2007/trainval", "VOC2007/train"])
    for name in ("../../secret", "/etc/secret", ".."):
        write_list(devkit / "VOC2007", "train", [name])
        with pytest.raises(UserError, match=rf"train\.txt: '{name}' is no image's name"):
            read(devkit, ["VOC2007/train"])


@pytest.mark.parametrize(
    "content, reason",
    [
        (None, r"000001\.xml: no such annotation"),
        ("<annotation>", r"000001\.xml: cannot be read \(no element found"),
        ('<!DOCTYPE a [<!ENTITY e SYSTEM "/etc/hostname">]><a>&e;</a>', r"000001\.xml: (cannot be read|a size)"),
        ("<a><size><width>9</width></size></a>", r"000001\.xml: a size or a box is no number"),
        ("<a><size><width>9</width><height>9</height></size></a>", r"000001\.xml: has no object"),
    ],
)
def test_annotations_that_do_not_fit(devkit, content, reason):
    path = devkit / "VOC2007" / "Annotations" / "000001.xml"
    path.unlink()
    if content:
        path.write_text(content)
    with pytest.raises(UserError, match=rf"{reason}.*; fix this or set on_bad_image: skip$"):
        read(devkit)
    source = read(devkit, on_bad_image="skip")
    assert source.examples["key"].tolist() == ["000002", "000003"] and len(source.notes) == 1
    assert source.image(1).name == "000003.jpg"


def test_other_objects_that_do_not_fit(devkit):
    write_image(devkit / "VOC2007", "000001", [("unicorn", 1, 1, 2, 2, 0)])
    (devkit / "VOC2007" / "JPEGImages" / "000002.jpg").unlink()
    with pytest.raises(UserError) as caught:
        read(devkit)
    assert "000002.jpg: no such image; " in str(caught.value)
    assert "000001.xml: class 'unicorn' is none of VOC's twenty; fix this" in str(caught.value)
    write_image(devkit / "VOC2007", "000001", [("cat", 3, 1, 2, 2, 0)])
    with pytest.raises(UserError, match=r"000001\.xml: a box or the image is empty"):
        read(devkit)


corners = st.tuples(*[st.integers(0, 12)] * 4).map(lambda box: (*box[:2], box[0] + box[2] + 1, box[1] + box[3] + 1))


@given(st.lists(corners, min_size=1, max_size=8))
def test_union_of_boxes_is_that_of_a_rasterised_mask(boxes):
    mask = np.zeros((26, 26), bool)
    for left, upper, right, lower in boxes:
        mask[left:right, upper:lower] = True
    assert voc.union_area(np.array(boxes, float)) == mask.sum()
    scaled = np.array(boxes) * [0.25, 0.5, 0.25, 0.5]  # parts of pixels
    assert voc.union_area(scaled) == mask.sum() / 8


def test_target_matrix(devkit):
    examples = read(devkit).examples
    assert set_classes(examples) == 18
    expected = np.zeros((3, 20))
    expected[[0, 0, 1, 1, 2], [7, 11, 11, 14, 7]] = 1
    expected[2, 17] = np.nan
    np.testing.assert_array_equal(target_matrix(examples, 20), expected)
    np.testing.assert_array_equal(target_matrix(examples), expected[:, :18])
    names = set_class_names(examples)
    assert (names[11], names[17], len(names)) == ("dog", "17", 18)  # a sofa is nowhere present
    assert named_text(set_text([14, 11]), names) == "dog+person" and named_text("", names) == "(none)"


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"{ARCHIVE} is not here")
def test_photographs_of_voc_2007(tmp_path):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    examples = read(tmp_path / "VOCdevkit", ["VOC2007/train"], ["VOC2007/val"]).examples
    assert examples.groupby("split").size().to_dict() == {"test": 116, "train": 117}
    annotations = [path.read_text() for path in sorted((tmp_path / "VOCdevkit/VOC2007/Annotations").iterdir())]
    assert examples["objects"].sum() == sum(text.count("<object>") for text in annotations) == 705
    first = examples.set_index("key").loc["000001"]  # a dog before a person, who fills nearly all of the picture
    assert first["label_names"] == ["dog", "person"] and first["class_name"] == "person"
    assert first["object_area"] == pytest.approx(345 * 487 / (353 * 500))
    assert examples["object_area"].between(0, 1, inclusive="right").all()
    assert not examples.loc[examples["split"] == "train", "uncounted"].map(len).any()
