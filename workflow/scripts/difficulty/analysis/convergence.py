"""Has training converged? Judged on the training history, in numbers and in plain sentences.

A score of difficulty describes the training that produced it. Where a network was stopped while it still
improved, "hard" partly means "not reached yet", so figures and report say so.

The loss and accuracy judged are those of the pristine training examples where labels were corrupted (the
corrupt ones are memorised long after all else is learned), else of the training examples, else of the sample
of them that was followed. Over the last 20 % of the epochs (at least three), with a least-squares line
through the losses, a run is

- `diverged` if a loss there is not finite, or the line rises by more than 10 % of the mean loss there;
- `learned` if at least 99 % of these examples are right at the end, whatever the loss does;
- `unjudged` if there are fewer than three epochs;
- `improving` if the line falls by more than 10 % of the mean loss;
- `underfit` if the line is flat, but fewer than 90 % of these examples are right;
- `flat` otherwise.

`learned` and `flat` are converged; every other state gives a sentence.
"""

from math import ceil

import numpy as np
import pandas as pd

WINDOW_SHARE = 0.2
LEAST_WINDOW = 3
LARGEST_CHANGE = 0.1
LEARNED_TOP1 = 0.99
UNDERFIT_TOP1 = 0.9
_JUDGED_GROUPS = ("pristine", "train", "train_sample")
_CONVERGED = ("learned", "flat")


def convergence(history: pd.DataFrame) -> pd.DataFrame:
    """One row per run: run, state, converged, group, epochs, window, loss, change, top1.

    history: columns run, epoch, group, examples, loss, top1; runs without a training group are left out.
    window: epochs judged; loss: their mean, nats; change: rise of the line over them relative to `loss`
    (negative: falls); top1: share right at the last epoch.
    """
    rows = []
    for run, of_run in history[history["examples"] > 0].groupby("run", sort=True):
        group = next((name for name in _JUDGED_GROUPS if (of_run["group"] == name).any()), None)
        if group:
            rows.append({"run": run, **_judge(of_run[of_run["group"] == group].sort_values("epoch"), group)})
    columns = ["run", "state", "converged", "group", "epochs", "window", "loss", "change", "top1"]
    return pd.DataFrame(rows, columns=columns)


def convergence_sentences(table: pd.DataFrame) -> list[str]:
    """What the result of `convergence` means for the reader, one sentence per state that needs one."""
    sentences = []
    for state, runs in table[~table["converged"].astype(bool)].groupby("state", sort=True):
        window = runs["window"].max()
        change = _percentages(runs["change"].abs(), 0)
        top1 = _percentages(runs["top1"], 1)
        kind = {"pristine": "pristine training", "train": "training"}.get(runs["group"].iloc[0], "followed training")
        meaning = {
            "diverged": f"training diverged: the loss of the {kind} examples rose over the last {window} epochs or is "
            "not finite. Scores of such runs mean little; lower the learning rate",
            "unjudged": f"fewer than {LEAST_WINDOW} epochs are too few to judge whether training converged",
            "improving": f"training has not converged: over the last {window} epochs the loss of the {kind} examples "
            f"still fell by {change}, at {top1} right. Scores describe a training cut short; train for more epochs",
            "underfit": f"the loss is flat, but only {top1} of the {kind} examples are right at the end. Hard "
            "examples may merely be out of this training's reach; try more epochs, smaller batches, a wider "
            "network or another learning rate",
        }[state]
        sentences.append(f"{_names(list(runs['run']), len(table))}: {meaning}.")
    return sentences


def _judge(rows: pd.DataFrame, group: str) -> dict:
    losses, epochs = rows["loss"].to_numpy(float), rows["epoch"].to_numpy(float)
    window = min(max(LEAST_WINDOW, ceil(WINDOW_SHARE * len(rows))), len(rows))
    last = losses[-window:]
    top1 = float(rows["top1"].iloc[-1])
    change = float("nan")
    if np.isfinite(last).all() and window > 1 and last.mean() > 0:
        slope = np.polyfit(epochs[-window:] - epochs[-1], last, 1)[0]
        change = slope * (epochs[-1] - epochs[-window]) / last.mean()
    if not np.isfinite(last).all():
        state = "diverged"
    elif top1 >= LEARNED_TOP1:
        state = "learned"
    elif len(rows) < LEAST_WINDOW:
        state = "unjudged"
    elif change > LARGEST_CHANGE:
        state = "diverged"
    elif change < -LARGEST_CHANGE:
        state = "improving"
    else:
        state = "underfit" if top1 < UNDERFIT_TOP1 else "flat"
    return {
        "state": state,
        "converged": state in _CONVERGED,
        "group": group,
        "epochs": len(rows),
        "window": window,
        "loss": float(last.mean()),
        "change": change,
        "top1": top1,
    }


def _percentages(shares: pd.Series, digits: int) -> str:
    shares = 100 * shares[np.isfinite(shares)]
    if shares.empty:
        return "an unknown share"
    low, high = f"{shares.min():.{digits}f} %", f"{shares.max():.{digits}f} %"
    return low if low == high else f"{low} to {high}"


def _names(runs: list[str], total: int) -> str:
    if len(runs) == total:
        return {1: "The only run", 2: "Both runs"}.get(total, f"All {total} runs")
    return f"{len(runs)} of {total} runs ({', '.join(runs[:4])}{', …' if len(runs) > 4 else ''})"
