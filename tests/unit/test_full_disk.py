"""On a full disk, an image that cannot be placed is its own error, and a log that cannot be written is one line."""

import errno
import logging
import sys
from pathlib import Path

import pytest

from difficulty.datasets import files
from difficulty.stage import arguments, logger, run_stage, warn


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


@pytest.fixture
def measured(monkeypatch, capsys):
    """A function that runs a stage with this log, which logs several lines; returns (terminal, exit status)."""

    def measure(args):
        logger.info("read")
        warn("k is larger than the class")
        logger.info("measured")

    def run(log):
        monkeypatch.setattr(sys, "argv", ["measure.py", "--log", str(log)])
        try:
            run_stage(measure, arguments("measures"))
        except SystemExit as end:
            return f"{capsys.readouterr().err}{end.code}\n", 1
        return capsys.readouterr().err, 0

    handlers = logging.getLogger().handlers[:]
    yield run
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_log_on_a_full_disk_is_one_line_and_the_stage_goes_on(measured, tmp_path):
    place = tmp_path / "measure.log"
    place.symlink_to("/dev/full")
    told = f"measure: {place}: the log cannot be written (No space left on device); free some space and run again"
    assert measured(place) == (f"{told}\nmeasure: k is larger than the class\n", 0)


def test_a_log_that_cannot_be_begun_ends_the_stage_with_one_line(measured, tmp_path):
    (tmp_path / "logs").write_text("no folder")
    place = tmp_path / "logs" / "measure.log"
    told = f"measure: {place}: the log cannot be written (File exists); make it writable and run again\n"
    assert measured(place) == (told, 1)
