"""Verdicts of a list of suspects, as subsets read them."""

import typing

import pandas as pd
import pytest

from difficulty.analysis.label_errors.tables import LABEL_ERRORS
from difficulty.analysis.suspect_verdicts import UNDECIDED, VERDICTS
from difficulty.analysis.suspects import SUSPECTS
from difficulty.config.data.subsets import Verdict
from difficulty.errors import UserError
from difficulty.subsets.verdicts import read_verdicts
from difficulty.tables import write_table


def evidence_on(tmp_path, verdict, name="suspects.parquet"):
    """Files of an experiment `plain`: two suspects with this verdict, and a reason."""
    folder = tmp_path / "plain"
    folder.mkdir()
    facts = dict.fromkeys(("key", "file", "evidence", "decision", "given_label"), "")
    numbers = {"suggested_share": 0.5, "probability_wrong": 0.5, "within_cut": True}
    table = pd.DataFrame({"rank": [1, 2], "example_id": [8, 7], "suggested_label": ["bee", None], "verdict": verdict})
    write_table(table.assign(**facts, **numbers), folder / "suspects.parquet", SUSPECTS)
    row = dict.fromkeys(LABEL_ERRORS.columns) | {"examples": 2, "trustworthy": False, "evidence": ""}
    row |= {"reason": "networks did not fit; train for longer"}
    write_table(pd.DataFrame([row]), folder / "label-errors.parquet", LABEL_ERRORS)
    return folder / "suspects.parquet", folder / "label-errors.parquet"


def test_verdicts_are_read_by_example(tmp_path):
    found = read_verdicts(*evidence_on(tmp_path, ["ambiguous", "undecided"]))
    assert found["verdict"].to_dict() == {8: "ambiguous", 7: "undecided"}


def test_undecided_verdicts_choose_nothing(tmp_path):
    why = "networks did not fit; train for longer"
    with pytest.raises(
        UserError, match=rf"suspects\.parquet: all verdicts are undecided, so that none can be .*: {why}$"
    ):
        read_verdicts(*evidence_on(tmp_path, "undecided"))


def test_verdicts_that_can_be_named_are_those_that_are_given():
    assert (*typing.get_args(Verdict), UNDECIDED) == VERDICTS
