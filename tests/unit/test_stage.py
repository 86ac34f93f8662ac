"""What a stage says on the terminal, and what is in its log alone."""

import logging
import sys

import pytest

from difficulty.errors import UserError
from difficulty.stage import arguments, logger, run_stage, warn


@pytest.fixture
def stage(tmp_path, monkeypatch, capsys):
    """A function that runs `main` as a stage named measure; returns (terminal, log, exit status)."""
    monkeypatch.setattr(sys, "argv", ["measure.py", "--log", str(tmp_path / "measure.log")])
    handlers = logging.getLogger().handlers[:]

    def run(main):
        status = 0
        try:
            run_stage(main, arguments("measures"))
        except SystemExit as end:
            status = end.code
        return capsys.readouterr().err, (tmp_path / "measure.log").read_text(), status

    yield run
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers


def test_warnings_for_the_user_reach_terminal_and_log(stage):
    terminal, log, status = stage(lambda args: warn("k is larger than the class"))
    assert terminal == "measure: k is larger than the class\n"
    assert "WARNING k is larger than the class" in log
    assert status == 0


def test_other_lines_reach_the_log_alone(stage):
    def main(args):
        logger.info("read")
        logger.warning("one of a thousand files is odd")

    terminal, log, _ = stage(main)
    assert terminal == ""
    assert "INFO read" in log and "WARNING one of a thousand" in log


def test_an_error_is_one_line_with_the_log(stage):
    def main(args):
        raise UserError("a.csv: no rows;\n  add some")

    terminal, log, status = stage(main)
    assert terminal.startswith("measure: a.csv: no rows; add some (log: ") and terminal.count("\n") == 1
    assert "ERROR a.csv: no rows; add some" in log and "Traceback" not in log
    assert status == 1
