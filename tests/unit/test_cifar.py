"""CIFAR as torchvision reads it, on a few images in the layout of the published archives."""

import hashlib
import io
import pickle
import shutil
import tarfile
import urllib.error

import numpy as np
import pytest
import torchvision
from torchvision.datasets import CIFAR10, CIFAR100

from difficulty.datasets import cifar10, cifar100
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError

RANDOM = np.random.default_rng(0)
KINDS = {cifar10: (CIFAR10, "labels", 10), cifar100: (CIFAR100, "fine_labels", 100)}


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture(params=KINDS, ids=lambda module: module.__name__.rpartition(".")[2])
def published(request, tmp_path, monkeypatch):
    """(module, root, images (N, 32, 32, 3), labels (N,)); torchvision is told the MD5 sums of these files."""
    kind, key, classes = KINDS[request.param]
    root = tmp_path / "data"
    folder = root / kind.base_folder
    folder.mkdir(parents=True)
    images, labels = [], []
    for attribute in ("train_list", "test_list"):
        sums = []
        for name, _ in getattr(kind, attribute):
            pixels = RANDOM.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
            given = RANDOM.integers(0, classes, 4).tolist()
            labels += given
            images.append(pixels.transpose(0, 2, 3, 1))
            (folder / name).write_bytes(pickle.dumps({"data": pixels.reshape(4, -1), key: given}))
            sums.append([name, md5((folder / name).read_bytes())])
        monkeypatch.setattr(kind, attribute, sums)
    names = folder / kind.meta["filename"]
    names.write_bytes(pickle.dumps({kind.meta["key"]: [f"class {number}" for number in range(classes)]}))
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": md5(names.read_bytes())})
    return request.param, root, np.concatenate(images), np.array(labels)


def test_images_labels_and_positions(published, tmp_path):
    module, root, images, labels = published
    result = prepare(module.read({"root": str(root), "download": False}), {}, tmp_path / "images")
    np.testing.assert_array_equal(result.images, images)
    examples = result.examples
    count = len(labels) - 4
    assert examples["split"].tolist() == ["train"] * count + ["test"] * 4
    assert examples["original_index"].tolist() == [*range(count), *range(4)]
    assert examples["label"].tolist() == labels.tolist()
    assert examples["class_name"].tolist() == [f"class {label}" for label in labels]


def test_missing_or_damaged_files_without_download(published):
    module, root, *_ = published
    kind = KINDS[module][0]
    damaged = root / kind.base_folder / kind.train_list[0][0]
    damaged.write_bytes(b"other")
    message = rf"{root}/{kind.base_folder}: .*missing or damaged; set download: true, or unpack https://.* in {root}$"
    for path in (root, root / "none"):
        with pytest.raises(UserError, match=message if path == root else "missing or damaged"):
            module.read({"root": str(path), "download": False})


def test_no_network(published, tmp_path, monkeypatch):
    module, *_ = published

    def unreachable(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(torchvision.datasets.utils.urllib.request, "urlopen", unreachable)
    with pytest.raises(UserError, match=r"cannot be downloaded \(.*no route to host.*; download https://.* in .*none"):
        module.read({"root": str(tmp_path / "none"), "download": True})


class Response(io.BytesIO):
    """An answer of the network."""

    url = None

    def __init__(self, content):
        super().__init__(content)
        self.length = len(content)


def test_download(published, tmp_path, monkeypatch, capfd):
    module, root, images, _ = published
    kind = KINDS[module][0]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as file:
        file.add(root / kind.base_folder, kind.base_folder)
    shutil.rmtree(root)
    answers = iter([archive.getvalue()[:-50]] * 2 + [archive.getvalue()] * 2)  # where it is, then what it is
    monkeypatch.setattr(torchvision.datasets.utils.urllib.request, "urlopen", lambda *_, **__: Response(next(answers)))
    monkeypatch.setattr(kind, "tgz_md5", md5(archive.getvalue()))
    with pytest.raises(UserError, match="cannot be downloaded"):  # interrupted
        module.read({"root": str(root), "download": True})
    source = module.read({"root": str(root), "download": True})
    np.testing.assert_array_equal(source.image(0), images[0])
    assert capfd.readouterr().err == f"downloading {kind.__name__} to {root}\n" * 2
    module.read({"root": str(root), "download": True})  # needs no further download
