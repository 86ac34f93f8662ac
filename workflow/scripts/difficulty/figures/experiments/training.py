"""Training curves: loss and accuracy per epoch, loss and learning rate per gradient step."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from difficulty.analysis.convergence import convergence, convergence_sentences
from difficulty.figures.experiments.measure_names import accuracy_name, loss_name
from difficulty.figures.inputs import ANY, SEVERAL
from difficulty.figures.style.appearance import GROUP_STYLES, add_legend, new_figure, styled
from difficulty.figures.style.axes import epoch_marker, integer_ticks, percent_ticks, plain_ticks, say_empty
from difficulty.figures.style.palette import INK
from difficulty.figures.style.text import counted
from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import warn
from difficulty.tables import read_table
from difficulty.training.histories import read_histories
from difficulty.training.run_tables import STEPS

INPUTS = {"history": SEVERAL, "steps": ANY}

_GROUP_NAMES = {
    "train": "train",
    "train_sample": "sample of train",
    "pristine": "train, pristine labels",
    "corrupt": "train, corrupt labels",
    "validation": "validation (held out)",
    "test": "test",
}
_RASTERIZED_FROM_STEPS = 2000


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads histories and steps of all runs (records of other runs have no steps); warns of what did not converge."""
    history = read_histories(inputs.history)
    steps = [read_table(path, STEPS).assign(run=run_of(path)) for path in inputs.steps]
    steps = pd.concat(steps) if steps else pd.DataFrame(columns=["run", *STEPS.columns])
    experiment = experiment_of(inputs.history[0])
    for sentence in convergence_sentences(convergence(history)):
        warn(f"{experiment}: {sentence}")
    return training_figure(history, steps, f"{experiment}: did the networks learn?")


@styled()
def training_figure(history: pd.DataFrame, steps: pd.DataFrame, title: str) -> Figure:
    """The training curves of one experiment, runs as thin lines and their mean as a bold one.

    history: run, epoch, group, examples, loss (nats), top1, top5 of every run; steps: run, step, epoch, loss,
    learning_rate.
    The row of gradient steps is left out where there are none, as of records and networks that were trained elsewhere.
    Sentences in red say where training has not converged (`convergence`).
    """
    history = _drawn_groups(history[history["examples"] > 0])
    runs = sorted(history["run"].unique())
    rows = 2 if len(steps) else 1
    notes = [_how_to_read(len(runs), _steps_per_epoch(steps) if len(steps) else None), _sizes(history)]
    figure, below = new_figure(7.6, 2.6 * rows, title, notes, convergence_sentences(convergence(history)))
    groups = [name for name in GROUP_STYLES if (history["group"] == name).any()]
    if groups:
        styles = [(name, *GROUP_STYLES[name]) for name in groups]
        add_legend(
            figure, below, [Line2D([], [], color=c, linestyle=s, label=_GROUP_NAMES[name]) for name, c, s in styles]
        )
    (loss, top1), *below_these = figure.subplots(rows, 2, squeeze=False)
    _draw_epochs(loss, history, groups, "loss")
    _draw_epochs(top1, history, groups, "top1")
    loss.set(title="Loss per epoch", xlabel="epoch", ylabel=loss_name(history))
    top1.set(title="Accuracy per epoch", xlabel="epoch", ylabel=accuracy_name(history))
    _logarithmic_if_positive(loss, history["loss"])
    percent_ticks(top1.yaxis)
    for step_loss, rate in below_these:
        _draw_step_loss(step_loss, steps)
        _draw_learning_rate(rate, steps)
    return figure


def _how_to_read(runs: int, window: int | None) -> str:
    """window: steps per epoch; None: none are drawn."""
    lines = "thin lines are single runs, bold lines their mean" if runs > 1 else "no spread over seeds to show"
    if window is None:
        return f"{counted(runs, 'run')}; {lines}."
    grey = f"Per step: grey is every mini-batch, black the mean over one epoch ({counted(window, 'step')}) around it"
    return f"{counted(runs, 'run')}; {lines}. {grey}{' and over the runs' if runs > 1 else ''}."


def _sizes(history: pd.DataFrame) -> str:
    """How many images the lines are means over, from the fewest to the most of all runs and epochs."""
    found = []
    for name in GROUP_STYLES:
        sizes = history.loc[history["group"] == name, "examples"]
        if len(sizes):
            low, high = int(sizes.min()), int(sizes.max())
            found.append(f"{_GROUP_NAMES[name]} {low:,}{f' to {high:,}' if low < high else ''}")
    return f"Images: {'; '.join(found)}."


def _steps_per_epoch(steps: pd.DataFrame) -> int:
    return max(round(steps.groupby(["run", "epoch"]).size().median()), 1)


def _drawn_groups(history: pd.DataFrame) -> pd.DataFrame:
    """Without `pristine` where nothing is corrupt: it is then the training set itself."""
    if (history["group"] == "corrupt").any():
        return history
    return history[(history["group"] != "pristine") | ~(history["group"] == "train").any()]


def _draw_epochs(axes: Axes, history: pd.DataFrame, groups: list[str], column: str) -> None:
    if not groups:
        say_empty(axes, "no history")
        return
    marker = epoch_marker(history["epoch"].nunique())
    for name in groups:
        color, style = GROUP_STYLES[name]
        values = history[history["group"] == name].pivot_table(index="epoch", columns="run", values=column)
        if values.shape[1] > 1:
            for run in values:
                axes.plot(values.index, values[run], color=color, linestyle=style, linewidth=0.6, alpha=0.45)
        mean = values.mean(axis=1)
        axes.plot(mean.index, mean, color=color, linestyle=style, marker=marker, markersize=2.2, gid=f"mean {name}")
    integer_ticks(axes.xaxis)


def _draw_step_loss(axes: Axes, steps: pd.DataFrame) -> None:
    axes.set(title="Loss per gradient step", xlabel="gradient step", ylabel="mini-batch loss (nats)")
    rasterized = steps.groupby("run").size().max() >= _RASTERIZED_FROM_STEPS
    window = _steps_per_epoch(steps)
    losses = steps.pivot_table(index="step", columns="run", values="loss")
    for run in losses:
        axes.plot(losses.index, losses[run], color="#9a9a9a", linewidth=0.35, alpha=0.6, rasterized=rasterized)
    smooth = losses.rolling(window, min_periods=max(window // 4, 1), center=True).mean().mean(axis=1)
    axes.plot(smooth.index, smooth, color=INK, linewidth=1.3, gid="smoothed")
    _logarithmic_if_positive(axes, steps["loss"])
    integer_ticks(axes.xaxis, 6)


def _draw_learning_rate(axes: Axes, steps: pd.DataFrame) -> None:
    axes.set(title="Learning rate", xlabel="gradient step", ylabel="learning rate")
    rates = steps.pivot_table(index="step", columns="run", values="learning_rate")
    different = rates.T.drop_duplicates().T
    for run in different:
        axes.plot(different.index, different[run], color=INK, linewidth=1.2)
    axes.set_ylim(bottom=0)
    integer_ticks(axes.xaxis, 6)
    plain_ticks(axes.yaxis)


def _logarithmic_if_positive(axes: Axes, values: pd.Series) -> None:
    finite = values[np.isfinite(values)]
    if len(finite) and (finite > 0).all() and finite.max() > 3 * finite.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    plain_ticks(axes.yaxis)
