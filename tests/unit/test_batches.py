"""An epoch's batches: every example once, shares of the sizes that are promised, and what M3 does with its groups."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from difficulty.datasets.loading import Normalization
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.random_streams import derived_seed
from difficulty.training.batches import plan_batches
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.processes import Processes


def settings(batch_size, groups=None, drop_last=False):
    optimizer = {"name": "m3", "groups": groups} if groups else {"name": "sgd"}
    return {"batch_size": batch_size, "drop_last": drop_last, "optimizer": optimizer}


@given(st.integers(30, 200), st.integers(12, 30), st.sampled_from([None, 3]), st.integers(1, 2), st.booleans())
def test_all_processes_together_see_every_example_of_a_batch_once(count, size, groups, processes, drop_last):
    rows = torch.randperm(count)
    plans = [
        plan_batches(rows, settings(size, groups, drop_last), Processes(rank, processes)) for rank in range(processes)
    ]
    seen = []
    for batches in zip(*plans, strict=True):
        assert sum(len(batch.rows) for batch in batches) == batches[0].size
        assert torch.equal(torch.cat([batch.places for batch in batches]).sort().values, torch.arange(batches[0].size))
        assert sum(part.fraction for batch in batches for part in batch.parts) == pytest.approx(1)
        for parts in zip(*(batch.parts for batch in batches), strict=True):
            assert sum(part.weight for part in parts) == pytest.approx(processes)
            assert min(part.examples.stop - part.examples.start for part in parts) >= 2
        for batch in batches:
            assert [part.examples.start for part in batch.parts[1:]] == [
                part.examples.stop for part in batch.parts[:-1]
            ]
        seen.append(torch.cat([batch.rows for batch in batches]).sort().values)
    assert torch.equal(torch.cat(seen).sort().values, rows[: sum(map(len, seen))].sort().values)
    assert sum(map(len, seen)) == (count // size * size if drop_last else count)


def test_one_process_takes_batches_as_they_are():
    rows = torch.randperm(21)
    batches = plan_batches(rows, settings(10), Processes())
    assert [batch.size for batch in batches] == [10, 11]  # no batch of one
    assert torch.equal(torch.cat([batch.rows for batch in batches]), rows)
    assert {part.weight for batch in batches for part in batch.parts} == {1.0}


@pytest.mark.parametrize(
    ("count", "given", "said"),
    [
        (9, settings(10, drop_last=True), "batch_size: 10 with drop_last leaves no batch of 9 examples"),
        (5, settings(50, groups=3), "batch_size: 5 examples cannot be shared by 2 processes and 3 groups"),
    ],
)
def test_too_few_examples_are_an_error(count, given, said):
    with pytest.raises(UserError, match=said):
        plan_batches(torch.arange(count), given, Processes(1, 2))


def test_m3_with_groups_steps_along_the_median_of_the_gradients_of_three_parts_of_each_batch(tmp_path):
    images = torch.randint(0, 256, (40, 4, 4, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(40) % 5
    data = TrainingData(images, labels, Normalization((0.5,), (0.25,)), train=torch.arange(40))
    configured = {
        "architecture": "mlp",
        "width": 8,
        "optimizer": {"name": "m3", "lr": 0.5, "weight_decay": 0.01, "groups": 3},
        "schedule": {"name": "constant"},
        "epochs": 2,
        "batch_size": 20,
        "drop_last": False,
        "records": "clean",
        "checkpoints": "last",
        "device": "cpu",
    }
    ours, theirs = (build_model(configured, 1, (4, 4), 5, seed=0) for _ in range(2))
    partial = PartialRun(tmp_path / "run", {})
    train(ours, data, configured, 0, partial, "{}")
    assert len(partial.outcomes(1)["steps.loss"]) == 2

    inputs = data.normalization(images.permute(0, 3, 1, 2))
    parameters = list(theirs.parameters())
    for epoch in (1, 2):
        order = torch.randperm(40, generator=torch.Generator().manual_seed(derived_seed(0, "order", epoch)))
        for batch in order.split(20):
            gradients = []
            for part in (batch[:7], batch[7:14], batch[14:]):
                loss = nn.functional.cross_entropy(theirs(inputs[part]), labels[part])
                gradients.append(torch.autograd.grad(loss, parameters))
            for parameter, *three in zip(parameters, *gradients, strict=True):
                median = np.median([each.numpy() for each in three], axis=0)
                parameter.data -= 0.5 * (torch.from_numpy(median) + 0.01 * parameter.data)
    for one, other in itertools.zip_longest(ours.parameters(), parameters):
        torch.testing.assert_close(one, other)
