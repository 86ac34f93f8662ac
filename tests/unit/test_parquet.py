"""Parquet tables: encoded images and labels as published sets have them, in files of any size."""

import io
import json
import os

import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from difficulty import memory
from difficulty.datasets import parquet
from difficulty.datasets.parquet_images import ImageColumn
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError


def picture(side=8, seed=0, format="PNG"):
    buffer = io.BytesIO()
    levels = np.random.default_rng(seed).integers(0, 256, (side, side + 1, 3), dtype=np.uint8)
    PIL.Image.fromarray(levels).save(buffer, format)
    return buffer.getvalue()


def prepared(source, tmp_path, **settings):
    return prepare(source, settings, tmp_path / "images")


def write_parquet(path, count=6, image=None, **columns):
    images = image or [picture(seed=number, format="JPEG") for number in range(count)]
    table = {"image": images, "label": [number % 3 for number in range(count)], **columns}
    pq.write_table(pa.table(table), path)
    return str(path)


def test_parquet_keeps_encoded_bytes_index_and_truth(tmp_path):
    train = write_parquet(tmp_path / "a.parquet", position=[5, 4, 3, 2, 1, 0], entropy=[0.1] * 6)
    test = write_parquet(tmp_path / "b.parquet", position=[9] * 6, entropy=[0.2] * 6)
    settings = {"files": {"train": train, "test": [test]}, "image": "image", "label": "label"}
    settings |= {"index": "position", "truth": ["entropy"]}
    result = prepared(parquet.read(settings), tmp_path)
    assert result.examples["original_index"].tolist() == [5, 4, 3, 2, 1, 0] + [9] * 6
    assert result.examples["entropy"].tolist() == [0.1] * 6 + [0.2] * 6
    assert (tmp_path / "images" / result.examples["file"][3]).read_bytes() == picture(seed=3, format="JPEG")
    assert result.examples["file"][3].endswith("/0000003.jpg")


def test_hugging_face_layout_and_names(tmp_path):
    images = [{"bytes": picture(seed=number), "path": f"{number}.png"} for number in range(6)]
    train = write_parquet(tmp_path / "a.parquet", image=images)
    names = b'{"info": {"features": {"label": {"names": ["cat", "dog", "eel"]}}}}'
    pq.write_table(pq.read_table(train).replace_schema_metadata({"huggingface": names}), train)
    source = parquet.read({"files": {"train": train}, "image": "image", "label": "label"})
    assert source.examples["class_name"].tolist() == ["cat", "dog", "eel"] * 2
    assert len(prepared(source, tmp_path).images) == 6


def test_string_and_sparse_labels_are_numbered(tmp_path):
    train = write_parquet(tmp_path / "a.parquet", name=["x", "y", "z"] * 2, sparse=[7, 3, 9] * 2)
    settings = {"files": {"train": train}, "image": "image"}
    by_name = parquet.read({**settings, "label": "name"}).examples
    assert by_name["label"].tolist() == [0, 1, 2] * 2 and by_name["class_name"].tolist() == ["x", "y", "z"] * 2
    sparse = parquet.read({**settings, "label": "sparse"}).examples
    assert sparse["label"].tolist() == [1, 0, 2] * 2 and sparse["class_name"].tolist() == ["7", "3", "9"] * 2


def test_parquet_faults_are_named(tmp_path):
    train = write_parquet(tmp_path / "a.parquet", other=["x"] * 5 + ["y"])
    settings = {"files": {"train": train}, "image": "image", "label": "label"}
    with pytest.raises(UserError, match="no column 'labels'; it has image, label, other"):
        parquet.read({**settings, "label": "labels"})
    with pytest.raises(UserError, match="expected encoded bytes"):
        parquet.read({**settings, "image": "other"})
    with pytest.raises(UserError, match="labels and names are not one to one"):
        parquet.read({**settings, "class_name": "other"})
    with pytest.raises(UserError, match="has not one column 'picture'; it has image, label, other"):
        parquet.read({**settings, "image": "picture"})
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(UserError, match=r"a\.parquet: cannot be read as a table"):
        parquet.read(settings)


def write_hugging_face(path, labels, names=None, kind=None, has_bytes=True, **options):
    """A file of the layout {bytes, path}, with the names of a ClassLabel in its metadata."""
    images = [{"bytes": picture(seed=row) if has_bytes else None, "path": f"{row}.png"} for row in range(len(labels))]
    column = pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    feature = {"names": names, "_type": "ClassLabel"}
    table = pa.table({"image": column, "label": pa.array(labels, kind)})
    if names:
        metadata = {"huggingface": json.dumps({"info": {"features": {"label": feature}}})}
        table = table.replace_schema_metadata(metadata)
    pq.write_table(table, path, **options)
    return str(path)


def read(train, test=None, **settings):
    files = {"train": train, **({"test": test} if test else {})}
    return parquet.read({"files": files, "image": "image", "label": "label", **settings})


def classes(source):
    return list(source.examples[["split", "label", "class_name"]].itertuples(index=False, name=None))


def test_classes_of_several_files_are_matched_by_name(tmp_path):
    train = write_hugging_face(tmp_path / "a.parquet", [0, 1, 2], ["cat", "dog", "fox"])
    test = write_hugging_face(tmp_path / "b.parquet", [0, 1, 2], ["dog", "cat", "fox"])
    assert classes(read(train, test))[3:] == [("test", 1, "dog"), ("test", 0, "cat"), ("test", 2, "fox")]
    unnamed = write_hugging_face(tmp_path / "c.parquet", [2.0, 0.0], kind=pa.float32())
    assert classes(read(train, unnamed))[3:] == [("test", 2, "fox"), ("test", 0, "cat")]
    words = write_hugging_face(tmp_path / "d.parquet", ["fox", "dog"])
    assert classes(read(train, words))[3:] == [("test", 2, "fox"), ("test", 1, "dog")]
    with pytest.raises(UserError, match=r"c\.parquet: has no class names, and the other files number theirs diff"):
        read([train, test], unnamed)
    other = write_hugging_face(tmp_path / "e.parquet", [0, 1], ["owl", "cat"])
    with pytest.raises(UserError, match=r"class that no training example has in 1 of 2 rows \(e\.parquet/0: 0\)"):
        read(train, other)


def test_hidden_labels_are_an_error_or_left_out_and_change_no_other(tmp_path):
    train = write_hugging_face(tmp_path / "a.parquet", [0, -1, 2], ["cat", "dog", "fox"])
    test = write_hugging_face(tmp_path / "b.parquet", [-1, 3], ["cat", "dog", "fox"])
    with pytest.raises(UserError, match=r"a\.parquet: .* negative label in 1 of 3 .*b\.parquet: .* label beyond the 3"):
        read(train, test)
    source = read(train, test, unlabelled="skip")
    assert classes(source) == [("train", 0, "cat"), ("train", 2, "fox")]
    assert source.examples["key"].tolist() == ["0000000", "0000002"]
    assert source.image(1) == picture(seed=2)
    assert source.intake.lines("photos", 2) == [
        "photos: 5 rows found, 2 used, 3 left out",
        "photos: left out: negative label: 2 (a.parquet/1, b.parquet/0)",
        "photos: left out: label beyond the 3 named classes: 1 (b.parquet/1)",
    ]
    with pytest.raises(UserError, match="no training example is left"):
        prepared(read(test, unlabelled="skip"), tmp_path)


def test_images_may_be_files_beside_the_table_and_nowhere_else(tmp_path):
    (tmp_path / "more").mkdir()
    train = write_hugging_face(tmp_path / "more" / "a.parquet", [0, 1], has_bytes=False)
    source = read(train)
    with pytest.raises(
        UserError, match=r"a\.parquet: row 1 has only a path, no image bytes, and there is no file 1\.p"
    ):
        source.image(1)
    for row in range(2):
        (tmp_path / "more" / f"{row}.png").write_bytes(picture(seed=row))
    np.testing.assert_array_equal(prepared(source, tmp_path).images[1], PIL.Image.open(io.BytesIO(picture(seed=1))))
    for name in ("../secret.png", f"{tmp_path}/secret.png", "x/../../secret.png"):
        (tmp_path / "secret.png").write_bytes(picture())
        pq.write_table(pa.table({"image": [{"path": name}], "label": [0]}), train)
        with pytest.raises(UserError, match=r"row 0: .*secret\.png is not in the folder of the table"):
            read(train).image(0)


def test_rows_are_read_in_any_order_from_any_row_group(tmp_path):
    images = [bytes([row]) * (row + 1) for row in range(20)]
    for kind in (pa.binary(), pa.large_binary()):
        table = pa.table({"image": pa.array(images, kind)})
        pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
        column = ImageColumn(tmp_path / "a.parquet", "image")
        for row in [*range(20), 19, 3, 5, 4, 14, 0, 13]:
            assert column[row] == images[row]


def test_images_that_claim_more_than_memory_are_refused_by_name(tmp_path, monkeypatch):
    table = pa.table({"image": [os.urandom(1 << 10)] * 64 + [bytes(1 << 20)], "label": [0] * 65})
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd", row_group_size=64)
    monkeypatch.setattr(memory, "memory_size", lambda: 1 << 19)
    with pytest.raises(UserError, match=r"a\.parquet: row group 1 of image claims 1\.0 MiB, and there are 0\.5 MiB of"):
        read(str(tmp_path / "a.parquet"))


def test_a_label_of_two_billion_is_one_class(tmp_path):
    train = write_parquet(tmp_path / "a.parquet", count=3, big=[0, 2_000_000_000, 5], name=["x", "y", "z"])
    assert classes(read(train, label="big")) == [("train", 0, "0"), ("train", 2, "2000000000"), ("train", 1, "5")]
    assert [label for _, label, _ in classes(read(train, label="big", class_name="name"))] == [0, 2, 1]


def test_empty_files_among_others(tmp_path):
    empty, full = (
        write_hugging_face(tmp_path / f"{name}.parquet", [0, 1][:count]) for name, count in (("a", 0), ("b", 2))
    )
    assert classes(read([empty, full], empty)) == [("train", 0, "0"), ("train", 1, "1")]
    with pytest.raises(UserError, match="no training example is left"):
        prepared(read(empty), tmp_path)
