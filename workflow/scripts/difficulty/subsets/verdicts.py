"""What the list of suspects of an experiment says of each of its training examples, where it can be acted on."""

from pathlib import Path

import pandas as pd

from difficulty.analysis.label_errors.tables import LABEL_ERRORS
from difficulty.analysis.suspect_verdicts import UNDECIDED, WRONG
from difficulty.analysis.suspects import SUSPECTS
from difficulty.errors import UserError
from difficulty.tables import read_table


def read_verdicts(suspects: Path, errors: Path) -> pd.DataFrame:
    """The columns verdict and suggested_label (None for none), index example_id.

    suspects: list of an experiment. errors: what it is worth, of the same experiment. Raises UserError if its networks
    deserve no trust, so that all is undecided.
    """
    table = read_table(suspects, SUSPECTS, columns=["example_id", "verdict", "suggested_label"])
    if (table["verdict"] == UNDECIDED).all():
        reason = read_table(errors, LABEL_ERRORS).iloc[0]["reason"]
        raise UserError(f"{suspects}: all verdicts are undecided, so that none can be acted on: {reason}")
    return table.set_index("example_id")


def suggested_labels(suspects: Path, errors: Path) -> pd.Series:
    """The name of the class that is suggested for each label that is likely wrong, where one is; index example_id.

    Arguments and errors as for `read_verdicts`.
    """
    table = read_verdicts(suspects, errors)
    return table.loc[(table["verdict"] == WRONG) & table["suggested_label"].notna(), "suggested_label"]
