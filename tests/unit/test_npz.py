"""NumPy archives: every published layout is read, and nothing else."""

import io
import zipfile

import numpy as np
import pytest

from difficulty.datasets import npz
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
LABELS = np.array([0, 2, 1, 0, 2, 1])


def archive(path, **arrays):
    np.savez(path, **arrays)
    return str(path)


def read(path, **settings):
    return npz.read({"files": {"train": path}, "images": "x", "labels": "y", **settings})


def prepared(path, folder, **settings):
    return prepare(read(path, **settings), {}, folder / "images")


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], LABELS.astype(np.uint8)])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (RGB, RGB),
        (RGB[..., :1], RGB[..., :1]),
        (RGB[..., 0], RGB[..., :1]),
        (RGB.transpose(0, 3, 1, 2), RGB),
        (RGB[..., :1].transpose(0, 3, 1, 2), RGB[..., :1]),
        ((RGB / 255).astype(np.float32), RGB),
        (RGB / 255, RGB),
    ],
)
def test_layouts(tmp_path, given, expected, labels):
    result = prepared(archive(tmp_path / "a.npz", x=given, y=labels), tmp_path)
    np.testing.assert_array_equal(result.images, expected)
    assert result.examples["label"].tolist() == LABELS.tolist()
    assert result.examples["original_index"].tolist() == list(range(6))


def test_splits_in_two_files_or_one(tmp_path):
    test, few = 255 - RGB[:2], np.array([[2], [1]], np.uint8)
    one = archive(tmp_path / "one.npz", train_images=RGB, train_labels=LABELS, test_images=test, test_labels=few)
    train, other = (
        archive(tmp_path / f"{name}.npz", x=x, y=y) for name, x, y in (("a", RGB, LABELS), ("b", test, few))
    )
    names = {split: [f"{split}_images", f"{split}_labels"] for split in ("train", "test")}
    for settings in ({"files": {"train": train, "test": other}}, {"files": dict.fromkeys(names, one), "arrays": names}):
        result = prepared(None, tmp_path, **settings)
        np.testing.assert_array_equal(result.images, np.concatenate([RGB, test]))
        assert result.examples["split"].tolist() == ["train"] * 6 + ["test"] * 2
        assert result.examples["class_name"].tolist() == [*map(str, LABELS), "2", "1"]
        assert result.examples["label"].tolist() == [*LABELS, 2, 1]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": RGB}, "no array 'y'; it has x"),
        ({"x": RGB, "y": LABELS[:5]}, "6 images in 'x' but 5 labels in 'y'"),
        ({"x": RGB.astype(np.int64), "y": LABELS}, "array 'x' has int64 values from [0-9]+ to [0-9]+; expected uint8"),
        ({"x": RGB.astype(np.float32), "y": LABELS}, "array 'x' has float32 values from [0-9]+ to [0-9]+; expected"),
        ({"x": RGB / 255 - 0.5, "y": LABELS}, "array 'x' has float64 values from -0.5"),
        ({"x": np.full((6, 2, 2), np.nan), "y": LABELS}, "array 'x' has float64 values from nan to nan"),
        ({"x": RGB > 9, "y": LABELS}, "array 'x' has bool values; expected"),
        ({"x": np.full((6, 2, 2), "a"), "y": LABELS}, "array 'x' has <U1 values; expected"),
        ({"x": RGB[:0], "y": LABELS[:0]}, "no images in it"),
        ({"x": RGB[:, 0, :, 0], "y": LABELS}, r"array 'x' has the shape \(6, 4\): its shape is not one of images"),
        ({"x": RGB[:, :, :, [0, 1]], "y": LABELS}, r"has the shape \(6, 5, 4, 2\): its shape is not one of images"),
        ({"x": RGB[:, :3], "y": LABELS}, r"has the shape \(6, 3, 4, 3\): where the channels are is not clear"),
        (
            {"x": RGB, "y": LABELS / 2},
            r"array 'y': label that is no whole number in 2 of 6 rows \(train/2: 0\.5, train/5: 0\.5\)",
        ),
        ({"x": RGB, "y": np.eye(6, dtype=int)}, r"array 'y' has int64 values of shape \(6, 6\)"),
        ({"x": RGB, "y": LABELS - 1}, r"array 'y': negative label in 2 of 6 rows \(train/0: -1, train/3: -1\)"),
        (
            {"x": RGB, "y": np.where(LABELS == 2, np.nan, LABELS)},
            r"no label in 2 of 6 rows \(train/1: nan, train/4: nan\)",
        ),
        ({"x": RGB, "y": LABELS.astype(object)}, "cannot be read as an archive of plain arrays"),
        ({"x": np.array([RGB, None], dtype=object), "y": LABELS}, "cannot be read as an archive of plain arrays"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path, arrays, message):
    with pytest.raises(UserError, match=message) as caught:
        read(archive(tmp_path / "a.npz", **arrays))
    assert str(caught.value).startswith(f"{tmp_path / 'a.npz'}: ") and "\n" not in str(caught.value)


def test_rows_without_a_class_are_left_out_on_demand(tmp_path):
    train = archive(tmp_path / "a.npz", x=RGB, y=np.array(["ant", "bee", "", "ant", "bee", "bee"]))
    test = archive(tmp_path / "b.npz", x=RGB, y=np.array(["bee", "wasp", "bee", "ant", "nan", "ant"]))
    source = read(None, files={"train": train, "test": test}, unlabelled="skip")
    assert source.examples["original_index"].tolist() == [0, 1, 3, 4, 5, 0, 2, 3, 5]
    assert source.examples["class_name"].tolist() == ["ant", "bee", "ant", "bee", "bee", "bee", "bee", "ant", "ant"]
    for row, position in enumerate(source.examples["original_index"]):
        np.testing.assert_array_equal(source.image(row), RGB[position])
    assert source.intake.facts(9)["left_out"] == {
        "no label": {"count": 2, "names": ("train/2", "test/4")},
        "class that no training example has": {"count": 1, "names": ("test/1",)},
    }


def test_claims_beyond_memory_or_the_archive_are_refused_before_anything_is_read(tmp_path):
    header = {"descr": "|u1", "fortran_order": False}
    for size, message in (
        (3 * 10**15, "array 'x' claims 2,793,967.7 GiB, and there are"),
        (9, "claims 9 bytes and has 0"),
    ):
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as file, file.open("x.npy", "w") as member:
            np.lib.format.write_array_header_1_0(member, {**header, "shape": (size,)})
        content = io.BytesIO()
        np.save(content, LABELS)
        with zipfile.ZipFile(tmp_path / "a.npz", "a") as file:
            file.writestr("y.npy", content.getvalue())
        with pytest.raises(UserError, match=message):
            read(str(tmp_path / "a.npz"))


def test_files_that_cannot_be_used(tmp_path):
    path = archive(tmp_path / "a.npz", x=RGB, y=LABELS)
    content = (tmp_path / "a.npz").read_bytes()
    damaged = bytearray(content)
    damaged[200] ^= 1
    for bad in (b"", b"plain text", content[:300], content[:-10], bytes(damaged)):
        (tmp_path / "a.npz").write_bytes(bad)
        with pytest.raises(UserError, match=r"a\.npz: cannot be read as an archive of plain arrays"):
            read(path)
    np.save(tmp_path / "b.npy", RGB)
    with pytest.raises(UserError, match=r"b\.npy: holds a single array"):
        read(str(tmp_path / "b.npy"))
    with pytest.raises(UserError, match=r"none\.npz: no such file"):
        read(str(tmp_path / "none.npz"))
    with pytest.raises(UserError, match="cannot be read"):
        read(str(tmp_path))


def test_encrypted_archives_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    content = bytearray((tmp_path / archive(path, x=RGB, y=LABELS)).read_bytes())
    entry = content.find(b"PK\1\2")
    content[6] |= 1
    content[entry + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"cannot be read as an archive of plain arrays .*encrypted"):
        read(str(path))
