"""Records of label sets against brute force over all sets, autograd and torch's BCEWithLogitsLoss."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import entr, logsumexp

from difficulty.datasets.loading import Normalization
from difficulty.errors import UserError
from difficulty.models.building import FeatureTap, build_model
from difficulty.tables import read_schema, read_table, write_table
from difficulty.training import assembly
from difficulty.training.loop import TrainingData, train
from difficulty.training.losses import mean_loss
from difficulty.training.outcomes import OutcomeTable, example_outcomes, group_summary, records_frame
from difficulty.training.partial_run import PartialRun
from difficulty.training.processes import Processes
from difficulty.training.run_tables import RECORDS, SET_RECORDS, records_schema
from difficulty.training.set_outcomes import predicted_sets
from difficulty.training.targets import class_count, padded, set_targets_by_name, targets_of

CLOSE = {"rtol": 2e-5, "atol": 2e-6}
CLASSES = 4
SETS = np.array(list(product([0, 1], repeat=CLASSES)))


def outcomes(logits, targets, features=None):
    features = np.ones((len(logits), 3)) if features is None else features
    tensors = [torch.tensor(np.asarray(each), dtype=torch.float32) for each in (logits, features, targets)]
    return {name: values.numpy() for name, values in example_outcomes(*tensors).items()}


def by_brute_force(logits, target):
    """Records of one image from the softmax over all sets of its counted classes."""
    counted = ~np.isnan(target)
    z, t = logits[counted], target[counted].astype(int)
    sets = np.unique(SETS[:, counted], axis=0)
    of_sets = sets @ z
    log_p = of_sets - logsumexp(of_sets)
    given = int(np.flatnonzero((sets == t).all(axis=1))[0])
    best = int(of_sets.argmax())
    return {
        "probability": np.exp(log_p[given]),
        "margin": of_sets[given] - np.delete(of_sets, given).max(),
        "loss": -log_p[given] / counted.sum(),
        "entropy": entr(np.exp(log_p)).sum(),
        "rank": (sets[best] != t).sum(),
        "correct": best == given,
    }


random_logits = arrays(np.float32, (6, CLASSES), elements=st.floats(-8, 8, width=32))


@given(random_logits, arrays(np.int8, (6, CLASSES), elements=st.integers(0, 2)))
def test_records_are_those_of_the_softmax_over_all_sets(logits, kinds):
    logits = np.where(np.abs(logits) < 1e-3, 0.5, logits)  # no ties between sets
    targets = np.where(kinds == 2, np.nan, kinds).astype(np.float32)
    targets[np.isnan(targets).all(axis=1), 0] = 1
    found = outcomes(logits, targets)
    for row, (z, t) in enumerate(zip(logits.astype(float), targets, strict=True)):
        for name, value in by_brute_force(z, t).items():
            seen = found["rank"][row] == 0 if name == "correct" else found[name][row]
            np.testing.assert_allclose(seen, value, err_msg=name, **CLOSE)


def test_loss_is_torchs_where_everything_counts():
    generator = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(50, 7, generator=generator) * 3, torch.randint(0, 2, (50, 7), generator=generator)
    targets = targets.float()
    expected = torch.nn.BCEWithLogitsLoss()(logits, targets)
    torch.testing.assert_close(mean_loss(logits, targets), expected)
    torch.testing.assert_close(torch.tensor(outcomes(logits, targets)["loss"]).mean(), expected)


def test_uncounted_classes_have_no_part_in_the_loss_and_its_gradient():
    logits = torch.tensor([[1.0, -2.0, 5.0], [0.5, 3.0, -1.0]], requires_grad=True)
    targets = torch.tensor([[1.0, 0.0, torch.nan], [0.0, 1.0, 1.0]])
    loss = mean_loss(logits, targets)
    by_example = [
        torch.nn.functional.binary_cross_entropy_with_logits(logits[row, kept], targets[row, kept])
        for row, kept in ((0, slice(2)), (1, slice(3)))
    ]
    torch.testing.assert_close(loss, torch.stack(by_example).mean())
    loss.backward()
    assert logits.grad[0, 2] == 0 and torch.isfinite(logits.grad).all() and (logits.grad[1] != 0).all()


def test_single_labels_have_the_loss_that_they_had():
    logits, labels = torch.randn(20, 5), torch.arange(20) % 5
    torch.testing.assert_close(mean_loss(logits, labels), torch.nn.functional.cross_entropy(logits, labels))


def test_gradient_of_the_last_layer_has_the_norm_that_grand_last_takes():
    """c ||s - t|| sqrt(||h||^2 + [bias]) against autograd of the loss summed over classes."""
    for settings, scale, bias in (
        ({"architecture": "resnet9", "width": 4}, 0.2, 0),
        ({"architecture": "mlp", "width": 8}, 1.0, 1),
    ):
        model = build_model(settings, 1, (8, 8), CLASSES, seed=1).eval()
        tap = FeatureTap(model)
        targets = torch.tensor([[1.0, 0.0, torch.nan, 1.0]])
        logits = model(torch.randn(1, 1, 8, 8))
        last = list(model.parameters())[-1 - bias :]
        gradients = torch.autograd.grad(mean_loss(logits, targets) * 3, last)
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        outcome = example_outcomes(logits, tap.features, targets)
        expected = scale * outcome["el2n"] * (outcome["feature_norm"] ** 2 + bias).sqrt()
        torch.testing.assert_close(norm, expected[0])


@pytest.mark.parametrize("classes", [1, 31, 32, 70])
def test_predicted_sets_of_any_number_of_classes(classes):
    logits = np.random.default_rng(classes).normal(size=(40, classes))
    logits[0], logits[1] = -1, 1
    found = outcomes(logits, np.zeros_like(logits))
    words = {name: value for name, value in found.items() if name.startswith("predicted_set")}
    assert len(words) == -(-classes // 31) and max(value.max() for value in words.values()) < 2**31
    table = OutcomeTable(torch.zeros(40, classes))
    table.put(slice(0, 40), {name: torch.tensor(value) for name, value in found.items()})
    expected = [" ".join(str(number) for number in range(classes) if row[number] > 0) for row in logits]
    assert predicted_sets(table.arrays()) == expected and expected[0] == ""


class TwoProcesses(Processes):
    """Adds up what two tables hold, as all_reduce does."""

    def __init__(self, others):
        object.__setattr__(self, "rank", 0)
        object.__setattr__(self, "count", 2)
        object.__setattr__(self, "others", others)

    def total(self, numbers):
        return numbers + self.others.pop(0)


def test_several_processes_put_predicted_sets_together():
    logits, targets = np.random.default_rng(0).normal(size=(10, 40)), torch.zeros(10, 40)
    parts = []
    for rows in (slice(0, 6), slice(6, 9)):
        table = OutcomeTable(targets)
        found = outcomes(logits[rows], targets[rows])
        table.put(rows, {name: torch.tensor(value) for name, value in found.items()})
        parts.append(table)
    own = parts[1]._columns["predicted"] >= 0
    others = [own.int(), *(column.view(torch.int32).where(own, 0) for column in parts[1]._columns.values())]
    parts[0].gather(TwoProcesses(others))
    arrays = parts[0].arrays()
    expected = outcomes(logits, targets)
    for name, values in arrays.items():
        np.testing.assert_array_equal(values[:9], expected[name][:9], err_msg=name)
        assert values[9] == -1 or np.isnan(values[9])


def test_summaries_count_exact_matches():
    found = outcomes([[3, -3, 3], [3, 3, 3], [-1, -1, -1]], [[1, 0, 1], [1, 0, np.nan], [0, 0, 0]])
    summary = group_summary(found, np.array([True, True, True]))
    assert summary["top1"] == pytest.approx(2 / 3) and np.isnan(summary["top5"])
    assert found["rank"].tolist() == [0, 1, 0]


def test_records_keep_their_sets(tmp_path):
    found = outcomes([[3, -3, 3], [-3, -3, -3]], [[1, 0, 1], [1, 0, 1]])
    frame = records_frame(found, [5, 6], None, ["train", "test"], 1)
    assert frame["correct"].tolist() == [True, False] and frame["predicted_set"].tolist() == ["0 2", ""]
    assert records_schema(frame) is SET_RECORDS and records_schema(frame[list(RECORDS.columns)]) is RECORDS
    write_table(frame, tmp_path / "records.parquet", SET_RECORDS)
    again = read_table(tmp_path / "records.parquet", RECORDS)
    assert again["predicted_set"].tolist() == ["0 2", ""]
    described = read_schema(tmp_path / "records.parquet").columns["correct"].description
    assert "exact match" in described


LABELS = pd.DataFrame(
    {
        "example_id": range(60),
        "label": 0,
        "clean_label": 0,
        "is_corrupt": False,
        "label_set": [sorted({row % 4, (row * row) % 4}) for row in range(60)],
        "uncounted": [[2] if row % 4 in (0, 1) and row > 50 else [] for row in range(60)],
    }
)
LABELS["label_names"] = LABELS["label_set"].map(lambda row: ["abcd"[number] for number in row])


def test_training_on_label_sets_records_them_and_learns(tmp_path):
    settings = {
        **{"architecture": "mlp", "width": 32, "optimizer": {"name": "adam", "lr": 0.01}, "batch_size": 16},
        **{"schedule": {"name": "constant"}, "epochs": 12, "drop_last": False, "records": "both"},
        **{"checkpoints": "last", "device": "cpu"},
    }
    targets = targets_of(LABELS)
    assert targets.shape == (60, class_count(LABELS)) == (60, 4)
    pixels = np.random.default_rng(0).integers(0, 60, (60, 6, 6, 1))
    pixels[:, :4, :4, 0] += (np.nan_to_num(targets.numpy())[:, :, None] * 150).astype(int)
    images = torch.from_numpy(pixels.astype(np.uint8))
    data = TrainingData(images, targets, Normalization((0.3,), (0.3,)), train=torch.arange(40))
    partial = PartialRun(tmp_path / "p", {})
    train(build_model(settings, 1, (6, 6), 4, 0), data, settings, 0, partial, "{}")
    role = np.repeat(["train", "test"], [40, 20]).astype(object)
    records = pd.concat(assembly.records(partial, "clean", LABELS, role, 12))
    texts = LABELS["label_set"].map(lambda row: " ".join(map(str, row)))
    counted = records[~records["example_id"].gt(50)]
    assert (counted["correct"] == (counted["predicted_set"] == texts[counted["example_id"]].to_numpy())).all()
    history = assembly.history(partial, "clean", LABELS, role, 12, None).set_index(["group", "epoch"])
    assert history.loc[("train", 12), "top1"] > 0.9 > history.loc[("train", 1), "top1"]
    assert history["top5"].isna().all()
    online = pd.concat(assembly.records(partial, "online", LABELS, role, 12))
    assert set(online["example_id"]) == set(range(40)) and "predicted_set" in online
    steps = assembly.steps(partial, 12)
    assert steps["loss"].iloc[-1] < steps["loss"].iloc[0]


def test_targets_of_another_data_set_are_matched_by_name():
    other = pd.DataFrame({"label_set": [[0], [0, 1], [1]], "label_names": [["b"], ["b", "d"], ["d"]]})
    other["uncounted"] = [[], [], [0]]
    found = set_targets_by_name(other, ["b", "d"], ["a", "b", "c", "d"], "other")
    expected = [[0, 1, 0, 0], [0, 1, 0, 1], [0, np.nan, 0, 1]]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(UserError, match=r"^other: class 'd' is unknown to the experiment, whose classes are a, b;"):
        set_targets_by_name(other, ["b", "d"], ["a", "b"], "other")


def test_targets_are_padded_for_networks_that_know_more():
    assert padded(torch.ones(2, 3), 5).tolist() == [[1, 1, 1, 0, 0]] * 2
    labels = torch.tensor([1, 2])
    assert padded(labels, 5) is labels
