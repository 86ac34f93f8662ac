"""Several processes that train one network together do what one does."""

import multiprocessing
import os
import signal
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from difficulty.datasets.loading import Normalization
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.termination import Stopped, stopping_on_sigterm
from difficulty.training import assembly
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.processes import run_together

SETTINGS = {
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3},
    "schedule": {"name": "cosine"},
    "epochs": 3,
    "batch_size": 33,
    "drop_last": False,
    "augmentation": {"crop": 1, "flip": False},
    "records": "both",
    "checkpoints": "all",
    "device": "cpu",
}
MLP = {**SETTINGS, "architecture": "mlp", "width": 16}
BATCH_NORM = {**SETTINGS, "architecture": "resnet9", "width": 4, "batch_size": 32, "epochs": 2}
TRAININGS = {  # batches of 33: shares of 17 and 16, the last of 28
    "sgd": MLP,
    "m3": {**MLP, "optimizer": {"name": "m3", "lr": 0.05, "groups": 3}},
    "batch_norm": BATCH_NORM,
}
TRAIN, ALL = 160, 230
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def digits():
    images, target = load_digits(return_X_y=True)
    images = torch.from_numpy((images[:ALL].reshape(-1, 8, 8, 1) * 15).astype(np.uint8))
    return TrainingData(
        images, torch.from_numpy(target[:ALL]), Normalization((0.3,), (0.35,)), train=torch.arange(TRAIN)
    )


def train_in(args, processes):
    """What each process does: one training after another, each into a folder of its own."""
    torch.set_num_threads(1)
    for name, settings in args.trainings.items():
        train_one(args, settings, args.folder / name, processes)


def train_one(args, settings, folder, processes):
    model = build_model(settings, 1, (8, 8), 10, seed=0)
    partial = PartialRun(folder, {}, writes=processes.is_first)
    processes.wait()
    if processes.rank == args.dying:
        os.kill(os.getpid(), signal.SIGKILL)
    if processes.rank == args.failing:
        raise UserError("photos/7.jpg: cannot be decoded any more")
    progress = stopping_in_epoch(2) if args.stopping and processes.is_first else lambda *_: None
    with partial.stopping_after(settings["epochs"]):
        train(model, digits(), settings, 0, partial, "{}", progress, processes)


def stopping_in_epoch(epoch):
    """As progress of a training: SIGTERM reaches the process that has started the others."""
    sent = False

    def progress(amount, note, part=""):
        nonlocal sent
        if not sent and note.startswith(f"epoch {epoch}"):
            sent = True
            os.kill(os.getppid(), signal.SIGTERM)

    return progress


def run(folder, trainings, count, dying=None, failing=None, stopping=False):
    """The finished trainings by name."""
    folder.mkdir(exist_ok=True)
    args = Namespace(trainings=trainings, folder=folder, dying=dying, failing=failing, stopping=stopping)
    args.settings, args.code, args.upstream = SETTINGS, "", ""
    run_together(train_in, args, count, folder.parent / "log")
    return {name: PartialRun(folder / name, {}) for name in trainings}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """(by one process, by two together): starting processes takes longer than all of these trainings."""
    folder = tmp_path_factory.mktemp("processes")
    return run(folder / "one", TRAININGS, 1), run(folder / "two", TRAININGS, 2)


def history(partial, settings, source="clean"):
    labels = pd.DataFrame({"example_id": np.arange(ALL), "label": digits().labels.numpy(), "is_corrupt": False})
    roles = np.repeat(["train", "test"], [TRAIN, ALL - TRAIN]).astype(object)
    return assembly.history(partial, source, labels, roles, settings["epochs"], None)


def assert_same(left, right, settings):
    for source in ("clean", "online"):
        ours, theirs = history(left, settings, source), history(right, settings, source)
        assert list(ours["group"]) == list(theirs["group"])
        numbers = ours.select_dtypes("number").columns
        np.testing.assert_allclose(ours[numbers], theirs[numbers], **CLOSE)
    for epoch in range(1, settings["epochs"] + 1):
        ours, theirs = left.outcomes(epoch), right.outcomes(epoch)
        np.testing.assert_allclose(ours["steps.loss"], theirs["steps.loss"], **CLOSE)
        np.testing.assert_array_equal(ours["steps.examples"], theirs["steps.examples"])
        assert ((ours["online.predicted"] >= 0) == (np.arange(ALL) < TRAIN)).all()


@pytest.mark.parametrize("name", ["sgd", "m3"])
def test_two_processes_train_as_one(runs, name):
    one, two = runs
    assert_same(two[name], one[name], TRAININGS[name])


class Halves(nn.Module):
    """Normalises each half of a batch by itself, as two processes do, whose running statistics are the first's."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        if not self.training:
            return self.network(images)
        first, second = images.tensor_split(2)
        forgotten = {name: buffer.clone() for name, buffer in self.network.named_buffers()}
        second = torch.func.functional_call(self.network, forgotten, (second,))
        return torch.cat([self.network(first), second])


def test_batch_norm_sees_the_shares_by_themselves(runs, tmp_path):
    one, two = (trained["batch_norm"] for trained in runs)
    model = Halves(build_model(BATCH_NORM, 1, (8, 8), 10, seed=0))
    alone = PartialRun(tmp_path / "halves", {})
    train(model, digits(), {**BATCH_NORM, "records": "clean"}, 0, alone, "{}")
    ours, theirs = (history(each, BATCH_NORM) for each in (two, alone))
    np.testing.assert_allclose(ours[["loss", "top1"]], theirs[["loss", "top1"]], **CLOSE)
    assert not np.allclose(history(one, BATCH_NORM)["loss"], ours["loss"], **CLOSE)


@pytest.mark.full
def test_resumed_after_an_epoch_it_is_the_same_run(tmp_path):
    settings = {**MLP, "optimizer": {"name": "rm3", "lr": 0.05}, "schedule": {"name": "constant"}}
    run(tmp_path / "part", {"rm3": {**settings, "epochs": 1}}, 2)
    resumed, whole = (run(tmp_path / name, {"rm3": settings}, 2)["rm3"] for name in ("part", "whole"))
    for epoch in (1, 2, 3):
        np.testing.assert_array_equal(resumed.outcomes(epoch)["steps.loss"], whole.outcomes(epoch)["steps.loss"])


def test_the_error_of_one_process_is_reported(tmp_path):
    with pytest.raises(UserError, match=r"^photos/7.jpg: cannot be decoded any more$"):
        run(tmp_path / "run", TRAININGS, 2, failing=1)


def test_a_process_that_is_killed_ends_the_run(tmp_path):
    with pytest.raises(UserError, match="process 1 of those that train together was ended by SIGKILL"):
        run(tmp_path / "run", TRAININGS, 2, dying=1)


@pytest.fixture
def same_signals():
    """Once a signal has arrived, they are ignored until the process ends."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.full
@pytest.mark.usefixtures("same_signals")
def test_sigterm_ends_all_of_them(tmp_path):
    expected = r"^ended by SIGTERM after epoch \d+ of 5000; the next attempt goes on from there$"
    with pytest.raises(Stopped, match=expected), stopping_on_sigterm():
        run(tmp_path / "run", {"sgd": {**MLP, "epochs": 5000}}, 2, stopping=True)
    assert not multiprocessing.active_children()
    assert PartialRun(tmp_path / "run" / "sgd", {}).epoch >= 1
