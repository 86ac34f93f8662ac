"""A file that cannot be placed as the disk is full is reported, as its own error."""

import errno

import pytest

from difficulty.datasets import files


@pytest.mark.parametrize("link", ["copy", "hard", "symlink"])
def test_an_error_of_a_full_disk_is_not_its_own_cause(tmp_path, monkeypatch, link):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    for place, name in ((files.shutil, "copyfile"), (files.os, "link"), (files.os, "symlink")):
        monkeypatch.setattr(place, name, full)
    (tmp_path / "image.png").write_bytes(b"image")
    with pytest.raises(OSError, match="No space left") as one:
        files.link_file(tmp_path / "image.png", tmp_path / "placed.png", link)
    with pytest.raises(OSError, match="No space left") as many:
        files.link_files(tmp_path, ["image.png"], tmp_path / "further", ["placed.png"], link)
    assert one.value.__cause__ is None and many.value.__cause__ is None
