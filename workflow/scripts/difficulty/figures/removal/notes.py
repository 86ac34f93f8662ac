"""What figures of removals say of how their networks were trained and compared."""

import pandas as pd

from difficulty.figures.style.text import abbreviated, counted

_LONGEST_NAME = 24


def notes(table: pd.DataFrame, compared: str) -> list[str]:
    """Lines above a figure. table: columns of REMOVAL. compared: what is drawn of the runs, a sentence."""
    found = [f"Top-1 accuracy on {counted(int(table['test_examples'].iloc[0]), 'test image')}. {compared}"]
    found.append(_training(table))
    if repeated := [abbreviated(name, _LONGEST_NAME) for name in table.loc[table["seed_chose"], "experiment"].unique()]:
        found.append(
            f"Under seeds that also chose the images, so not independent of the choice: {', '.join(repeated)}."
        )
    return found


def _training(table: pd.DataFrame) -> str:
    """For how long the networks were trained, which is as many epochs and not as many steps."""
    epochs = sorted(set(table["epoch"]))
    text = f"Trained for {epochs[0]} to {epochs[-1]} epochs" if len(epochs) > 1 else f"Trained for {epochs[0]} epochs"
    steps = table["steps"].dropna()
    if not len(steps):
        return f"{text}."
    low, high = int(steps.min()), int(steps.max())
    text = f"{text}, {low:,} to {high:,} gradient steps" if low < high else f"{text}, {low:,} gradient steps"
    return f"{text}: the fewer images, the fewer steps." if low < high and len(epochs) == 1 else f"{text}."
