"""Records are what the logits say; a run is a function of its seed; a killed run ends with the same bytes."""

import numpy as np
import pandas as pd
import pytest
import torch

from difficulty.errors import UserError
from difficulty.models.building import FeatureTap, build_model
from difficulty.tables import read_table
from difficulty.training import assembly
from difficulty.training.checkpoint_epochs import checkpoint_epochs
from difficulty.training.checkpoints import MANIFEST, load_checkpoint, saved_epochs, write_manifest
from difficulty.training.outcomes import example_outcomes
from difficulty.training.partial_run import PartialRun
from difficulty.training.passes import clean_outcomes, mixed_batches, predict_probabilities
from difficulty.training.run_tables import CHECKPOINTS
from difficulty.training.runs import Run, roles
from tests.support.small_training import SETTINGS, TRAIN, Killed, contents, digits, run, same_outcomes


@pytest.fixture(scope="module")
def data():
    return digits()


@pytest.fixture(scope="module")
def labels(data):
    frame = pd.DataFrame({"example_id": np.arange(300), "label": data.labels.numpy()})
    return frame.assign(is_corrupt=np.arange(300) < 20)


ROLES = np.repeat(["train", "test"], [TRAIN, 100]).astype(object)


def test_outcomes_against_numpy():
    generator = np.random.default_rng(0)
    logits, features = generator.normal(size=(50, 7)) * 3, generator.normal(size=(50, 5))
    label = generator.integers(0, 7, 50)
    result = {
        name: value.numpy() for name, value in example_outcomes(*map(torch.tensor, (logits, features, label))).items()
    }
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    one_hot = np.eye(7)[label]
    expected = {
        "predicted": logits.argmax(1),
        "rank": [(row > row[y]).sum() for row, y in zip(logits, label, strict=True)],
        "probability": p[range(50), label],
        "margin": [row[y] - np.delete(row, y).max() for row, y in zip(logits, label, strict=True)],
        "loss": -np.log(p[range(50), label]),
        "el2n": np.linalg.norm(p - one_hot, axis=1),
        "entropy": -(p * np.log(p)).sum(1),
        "feature_norm": np.linalg.norm(features, axis=1),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(result[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


def test_top1_agrees_with_correct_where_logits_tie():
    logits = torch.tensor([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]])
    for label in range(3):
        outcome = example_outcomes(logits, torch.ones(2, 2), torch.tensor([label, label]))
        assert ((outcome["rank"] == 0) == (outcome["predicted"] == label)).all()


def test_gradient_of_the_last_layer_has_the_norm_that_grand_last_takes(data):
    """c ||p - onehot|| sqrt(||h||^2 + [bias]) against autograd, with and without a scale and a bias."""
    for settings, scale, bias in (({"architecture": "resnet9", "width": 4}, 0.2, 0), (SETTINGS, 1.0, 1)):
        model = build_model(settings, 1, (8, 8), 10, seed=1).eval()
        tap = FeatureTap(model)
        image, label = data.normalization(next(data.batches([slice(0, 1)], {}))), data.labels[:1]
        logits = model(image)
        last = list(model.parameters())[-1 - bias :]
        gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, label), last)
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        outcome = example_outcomes(logits, tap.features, label)
        expected = scale * outcome["el2n"] * (outcome["feature_norm"] ** 2 + bias).sqrt()
        torch.testing.assert_close(norm, expected[0])


def test_clean_records_equal_a_forward_pass_of_the_checkpoint(tmp_path, data, labels):
    partial = run(tmp_path / "p", data)
    checksums = partial.publish(tmp_path / "c", checkpoint_epochs(SETTINGS))
    write_manifest(tmp_path / "c", checksums, {})
    records = pd.concat(assembly.records(partial, "clean", labels, ROLES, 4))
    assert len(records) == 4 * 300
    model = build_model(SETTINGS, 1, (8, 8), 10, seed=9)
    model.load_state_dict(load_checkpoint(tmp_path / "c", 3)[0])
    outcomes = clean_outcomes(model, data, SETTINGS)
    third = records[records["epoch"] == 3]
    for name in ("predicted", "probability", "margin", "loss"):
        np.testing.assert_array_equal(third[name], outcomes[name])
    assert (third["correct"] == (third["predicted"] == data.labels.numpy())).all()
    assert (third["role"] == ROLES).all()


def test_batch_statistics_are_those_of_training_mode(data):
    model = build_model({"architecture": "resnet9", "width": 4}, 1, (8, 8), 10, seed=1).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    outcomes = clean_outcomes(model, data, {"batch_norm": "batch"})
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    of_label = predict_probabilities(model, data, {"batch_norm": "batch"})[range(300), data.labels]
    np.testing.assert_allclose(of_label, outcomes["probability"], rtol=1e-5)
    running = clean_outcomes(model, data, {})
    assert np.abs(running["margin"] - outcomes["margin"]).min() > 0
    trained = build_model({"architecture": "resnet9", "width": 4}, 1, (8, 8), 10, seed=1).train()
    tap = FeatureTap(trained)
    for rows in mixed_batches(300):
        with torch.no_grad():
            logits = trained(data.normalization(data.images[rows].permute(0, 3, 1, 2)))
        expected = example_outcomes(logits, tap.features, data.labels[rows])
        for name in ("probability", "margin", "feature_norm"):
            np.testing.assert_allclose(outcomes[name][rows], expected[name], rtol=1e-4, atol=1e-5)


def test_mixed_batches_hold_every_row_once_and_are_of_nearly_the_same_size():
    batches = mixed_batches(257)
    assert [len(batch) for batch in batches] == [86, 86, 85]
    assert sorted(torch.cat(batches).tolist()) == list(range(257))
    assert all(map(torch.equal, batches, mixed_batches(257)))


def test_online_records_are_of_training_examples_and_sum_to_the_steps_losses(tmp_path, data, labels):
    partial = run(tmp_path / "p", data)
    online = pd.concat(assembly.records(partial, "online", labels, ROLES, 4))
    assert sorted(online["example_id"][online["epoch"] == 2]) == list(range(TRAIN))
    steps = assembly.steps(partial, 4)
    by_epoch = (steps["loss"] * steps["examples"]).groupby(steps["epoch"]).sum() / TRAIN
    np.testing.assert_allclose(by_epoch, online.groupby("epoch")["loss"].mean(), rtol=1e-5)


def test_history_groups(tmp_path, data, labels):
    partial = run(tmp_path / "p", data)
    history = assembly.history(partial, "clean", labels, ROLES, 4, sample=30).set_index(["epoch", "group"])
    records = pd.concat(assembly.records(partial, "clean", labels, ROLES, 4))
    last = records[records["epoch"] == 4]
    assert history.loc[4, "test"]["examples"].item() == 100
    corrupt = last[labels["is_corrupt"].to_numpy()]
    assert history.loc[(4, "corrupt"), "loss"] == pytest.approx(corrupt["loss"].mean(), rel=1e-6)
    assert history.loc[(4, "corrupt"), "top1"] == corrupt["correct"].mean()
    assert history.loc[(4, "pristine"), "examples"] == TRAIN - 20
    assert history.loc[(4, "train_sample"), "examples"] == 30
    assert (history["top5"] >= history["top1"]).all()


@pytest.mark.parametrize("kill_after", [0, 1, 3])
@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "adam", "lr": 0.01},
        {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"name": "rm3", "lr": 0.1, "weight_decay": 0.001},
        {"name": "m3", "lr": 0.1},  # an epoch has seven batches, so most end with gradients that wait
        {"name": "ra3", "lr": 0.1},
    ],
)
def test_a_killed_run_resumes_to_the_same_bytes(tmp_path, data, kill_after, optimizer):
    settings = {**SETTINGS, "optimizer": optimizer}
    whole = run(tmp_path / "whole", data, settings)
    with pytest.raises(Killed):
        run(tmp_path / "killed", data, settings, kill_after=kill_after)
    resumed = run(tmp_path / "killed", data, settings)
    assert contents(tmp_path / "killed").keys() == contents(tmp_path / "whole").keys()
    weights = [name for name in contents(tmp_path / "whole") if name.startswith("epoch")]
    for name in weights:
        assert contents(tmp_path / "killed")[name] == contents(tmp_path / "whole")[name]
    assert same_outcomes(whole, resumed)


def test_a_partial_run_of_another_kind_or_a_damaged_one_is_not_used(tmp_path, data):
    with pytest.raises(Killed):
        run(tmp_path / "p", data, kill_after=2)
    assert PartialRun(tmp_path / "p", {"settings": SETTINGS, "seed": 0}).epoch == 2
    weights = tmp_path / "p" / "epoch-1.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    assert PartialRun(tmp_path / "p", {"settings": SETTINGS, "seed": 0}).epoch == -1
    with pytest.raises(Killed):
        run(tmp_path / "p", data, kill_after=2)
    assert PartialRun(tmp_path / "p", {"settings": SETTINGS, "seed": 1}).epoch == -1


def test_two_processes_cannot_train_one_run(tmp_path, data):
    first = PartialRun(tmp_path / "p", {})
    with pytest.raises(UserError, match="another process trains this run"):
        PartialRun(tmp_path / "p", {})
    del first
    PartialRun(tmp_path / "p", {})


def test_only_wanted_checkpoints_are_kept(tmp_path, data):
    partial = run(tmp_path / "p", data, {**SETTINGS, "checkpoints": [0, 2]})
    partial.publish(tmp_path / "c", [0, 2])
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["epoch-0.safetensors", "epoch-2.safetensors"]


def test_seeds_differ_and_repeat(tmp_path, data):
    first, same, other = (run(tmp_path / str(number), data, seed=seed) for number, seed in enumerate((0, 0, 1)))
    assert same_outcomes(first, same) and not same_outcomes(first, other)


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: c[:9], lambda c: b"", lambda c: c[:-1] + b"\x77"])
def test_damaged_checkpoints_are_refused_by_name(tmp_path, data, damage):
    partial = run(tmp_path / "p", data)
    write_manifest(tmp_path / "c", partial.publish(tmp_path / "c", [4]), {})
    path = tmp_path / "c" / "epoch-4.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"epoch-4\.safetensors: is not the file that was written; delete"):
        load_checkpoint(tmp_path / "c", 4)
    path.unlink()
    with pytest.raises(UserError, match="is missing"):
        load_checkpoint(tmp_path / "c", 4)
    with pytest.raises(UserError, match="no checkpoint of epoch 7; saved are 4"):
        load_checkpoint(tmp_path / "c", 7)
    assert saved_epochs(tmp_path / "c") == [4]
    assert read_table(tmp_path / "c" / MANIFEST, CHECKPOINTS)["bytes"].item() > 1000


def test_a_loss_that_is_not_finite_is_an_error_with_a_remedy(tmp_path, data):
    settings = {**SETTINGS, "optimizer": {"name": "sgd", "lr": 1e20}}
    with pytest.raises(UserError, match=r"not finite any more in epoch \d; lower optimizer.lr"):
        run(tmp_path / "p", data, settings)


def test_batches(tmp_path, data):
    one_left = {**SETTINGS, "batch_size": 199, "records": "clean"}
    assert assembly.steps(run(tmp_path / "a", data, one_left), 4)["examples"].tolist() == [200] * 4
    dropped = {**SETTINGS, "batch_size": 150, "drop_last": True, "records": "clean"}
    assert assembly.steps(run(tmp_path / "b", data, dropped), 4)["examples"].tolist() == [150] * 4
    with pytest.raises(UserError, match="batch_size: 300 with drop_last leaves no batch of 200 examples"):
        run(tmp_path / "c", data, {**SETTINGS, "batch_size": 300, "drop_last": True})


def test_folds_hold_every_training_example_out_once_per_seed():
    split, label = np.repeat(["train", "test"], [103, 20]), np.arange(123) % 10
    labels = pd.DataFrame({"split": split, "label": label, "content": np.arange(123)})
    for seed in (0, 1):
        held_out = np.array([roles(labels, Run(seed, fold), 4) == "validation" for fold in range(4)])
        assert (held_out.sum(0) == (split == "train")).all()
        sizes = [np.bincount(label[fold], minlength=10) for fold in held_out]
        assert max(map(np.max, sizes)) - min(map(np.min, sizes)) <= 2
    first, second = (roles(labels, Run(seed, 0), 4) for seed in (0, 1))
    assert (first != second).any()
    assert (roles(labels, Run(0), None) == split).all()


def test_more_folds_than_different_images_are_refused():
    labels = pd.DataFrame({"split": ["train"] * 6 + ["test"], "label": 0, "content": [1, 1, 1, 2, 2, 2, 9]})
    assert set(roles(labels, Run(0, 0), 2)) == {"train", "validation", "test"}
    with pytest.raises(UserError, match="folds: 3 parts of 2 different training images; use fewer"):
        roles(labels, Run(0, 0), 3)


def test_run_names():
    assert Run.from_name("seed-3") == Run(3) and Run.from_name("seed-3-fold-1") == Run(3, 1)
    with pytest.raises(ValueError, match="not the name of a run"):
        Run.from_name("seed-x")
