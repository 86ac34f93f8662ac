"""Links to the files of a data set leave their sources alone; members that were altered or lost are named."""

import hashlib
import os
import shutil

import pandas as pd
import pytest

from difficulty.datasets.files import FILES, check_files, describe_files, link_files
from difficulty.errors import UserError
from difficulty.tables import write_table


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "parent" / "images"
    for number in range(4):
        path = folder / "train" / 'it\'s a "class"' / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number] * 10))
    return folder


def described(folder):
    files = pd.Series(sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png")))
    digests = files.map(lambda file: hashlib.sha256((folder / file).read_bytes()).hexdigest())
    write_table(describe_files(folder, files, digests), folder.parent / "files.parquet", FILES)
    return folder.parent / "files.parquet"


@pytest.mark.parametrize("link", ["hard", "symlink", "copy"])
def test_links_leave_their_sources_alone(tree, tmp_path, link):
    files = sorted(str(path.relative_to(tree)) for path in tree.rglob("*.png"))
    before = {file: (tree / file).stat() for file in files}
    target = tmp_path / "child" / "images"
    link_files(tree, files, target, [file.replace("train", "test") for file in files], link)
    for file in files:
        now, placed = (tree / file).stat(), (target / file.replace("train", "test")).stat()
        assert (now.st_mtime_ns, now.st_mode) == (before[file].st_mtime_ns, before[file].st_mode)
        assert (placed.st_ino == now.st_ino) == (link != "copy")
    second = tmp_path / "grandchild"  # of symbolic links, hard links go to what they lead to
    link_files(target, [file.replace("train", "test") for file in files], second, files)
    assert not (second / files[0]).is_symlink()


def test_another_file_system_gives_an_error_with_the_remedy(tree, monkeypatch):
    def refuse(*_, **__):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(UserError, match=r"it is on another file system\); set link: copy or symlink"):
        link_files(tree, ['train/it\'s a "class"/0.png'], tree.parent / "x", ["0.png"])


def test_a_copy_of_the_whole_folder_passes_and_a_change_does_not(tree, tmp_path):
    table = described(tree)
    check_files(table)
    shutil.copytree(tree.parent, tmp_path / "copied")
    check_files(tmp_path / "copied" / "files.parquet")
    member = next(tree.rglob("2.png"))
    member.write_bytes(bytes([9] * 10))
    with pytest.raises(UserError, match=r"2\.png has changed since the data set was made; put back .* or remove"):
        check_files(table)
    shutil.rmtree(tree)
    with pytest.raises(UserError, match=r"0\.png is missing; .* and 1 more files"):
        check_files(table)
