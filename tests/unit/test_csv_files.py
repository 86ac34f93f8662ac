"""What a spreadsheet would run is text to it, and the workflow reads back what it wrote."""

import pandas as pd
import pytest

from difficulty.cell_marks import without_mark
from difficulty.csv_files import write_csv
from difficulty.tables import read_foreign

COMMANDS = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=x", "\uff1dx"]


def test_cells_that_begin_like_a_formula_are_marked_and_numbers_are_not(tmp_path):
    frame = pd.DataFrame({"=key": [*COMMANDS, "a.png"], "score": [-0.5] * 9, "class": ["ant", *[None] * 8]})
    write_csv(frame, tmp_path / "a.csv", float_format="%.2f")
    written = read_foreign(tmp_path / "a.csv", text=["'=key", "class"]).to_pydict()
    commands = [text.replace("\r", "\n") for text in COMMANDS]
    assert written["'=key"] == [*(f"'{text}" for text in commands), "a.png"]
    assert written["score"] == [-0.5] * 9 and written["class"] == ["ant", *[""] * 8]
    assert [without_mark(text) for text in written["'=key"]] == [*commands, "a.png"]


@pytest.mark.parametrize("text", ["", "'", "'quoted'", "a'=b", "3"])
def test_other_text_stays(text):
    assert without_mark(text) == text
