"""Learning-dynamics scores against their definitions, and against networks that really learned."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from difficulty.errors import UserError
from difficulty.scores.dynamics.scoring import DYNAMICS, RECORD_COLUMNS, dynamics_columns, score_arrays, score_records
from difficulty.scores.record_arrays import stored_records
from difficulty.tables import TableError

FLOAT32 = 1e-6


def records_of(logits, labels, features, role="train", first_id=0):
    """Records by the definitions of their columns: logits (E, N, C), labels (N,), features (E, N, D)."""
    epochs, examples, classes = logits.shape
    softmax = np.exp(logits - logits.max(axis=2, keepdims=True))
    softmax /= softmax.sum(axis=2, keepdims=True)
    onehot = np.eye(classes)[labels]
    own = (logits * onehot).sum(axis=2)
    predicted = logits.argmax(axis=2)
    columns = {
        "example_id": np.tile(np.arange(examples) + first_id, epochs),
        "epoch": np.repeat(np.arange(1, epochs + 1), examples).astype(np.int32),
        "role": role,
        "predicted": predicted.ravel().astype(np.int32),
        "correct": (predicted == labels).ravel(),
        "probability": (softmax * onehot).sum(axis=2).ravel(),
        "margin": (own - np.where(onehot == 1, -np.inf, logits).max(axis=2)).ravel(),
        "loss": -np.log((softmax * onehot).sum(axis=2)).ravel(),
        "el2n": np.linalg.norm(softmax - onehot, axis=2).ravel(),
        "entropy": -(softmax * np.log(softmax)).sum(axis=2).ravel(),
        "feature_norm": np.linalg.norm(features, axis=2).ravel(),
    }
    frame = pd.DataFrame(columns)
    return frame.astype(dict.fromkeys(("probability", "margin", "loss", "el2n", "entropy", "feature_norm"), np.float32))


def random_records(seed, epochs=7, examples=11, classes=3):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(epochs, examples, classes)) * 2
    return records_of(logits, random.integers(0, classes, examples), random.normal(size=(epochs, examples, 4)))


def from_definition(rows, el2n_epoch):
    """All scores of one example, from its rows in the order of epochs, as METHODS writes them."""
    correct, predicted, p = rows["correct"].tolist(), rows["predicted"].tolist(), rows["probability"].to_numpy(float)
    epochs = range(len(rows))
    early = rows.iloc[el2n_epoch - 1]
    first = min((t + 1 for t in epochs if correct[t]), default=np.nan)
    quarter, rolling = math.ceil(len(rows) / 4), pd.Series(p).rolling(min(10, len(rows)))
    return {
        "first_learned": first,
        "learning_epoch": min((t + 1 for t in epochs if all(correct[t:])), default=np.nan),
        "iteration_learned": min(t + 1 for t in epochs if all(s == predicted[-1] for s in predicted[t:])),
        "forgetting_events": sum(a and not b for a, b in pairwise(correct)) if any(correct) else np.nan,
        "never_learned": not any(correct),
        "confidence": p.mean(),
        "variability": np.sqrt(((p - p.mean()) ** 2).mean()),
        "correctness": sum(correct) / len(correct),
        "aleatoric": (p * (1 - p)).mean(),
        "aum": rows["margin"].mean(),
        "settled_margin": rows["margin"].iloc[-quarter:].mean(),
        "dynamic_uncertainty": rolling.std().mean(),
        "dual": (rolling.std() * (1 - rolling.mean())).mean(),
        "el2n": early["el2n"],
        "loss": rows["loss"].iloc[-1],
        "loss_mean": rows["loss"].mean(),
        "entropy": rows["entropy"].iloc[-1],
        "grand_last": early["el2n"] * np.sqrt(early["feature_norm"] ** 2 + 1),
    }


@pytest.mark.parametrize("seed, epochs", [(0, 7), (1, 7), (2, 14), (3, 10)])
def test_every_score_is_its_definition(seed, epochs):
    records = random_records(seed, epochs)
    found = score_records(records, el2n_epoch=3)
    expected = pd.DataFrame({i: from_definition(rows, 3) for i, rows in records.groupby("example_id")}).T
    assert list(found.columns) == list(DYNAMICS)
    assert found.index.name == "example_id"
    for name in DYNAMICS:
        np.testing.assert_allclose(
            found[name].astype(float), expected[name].astype(float), rtol=1e-5, atol=FLOAT32, err_msg=name
        )


def test_types_are_those_of_the_declared_columns():
    found = score_records(random_records(0))
    for name, column in DYNAMICS.items():
        assert found[name].dtype == column.type.to_pandas_dtype()


def test_learning_by_hand():
    """Rows: right from the start; never; forgotten twice and relearned; lost in the last epoch."""
    correct = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 1, 0, 1, 1], [1, 0, 1, 1, 0]], dtype=bool)
    logits = np.where(correct.T[:, :, None], [2.0, 0.0], [0.0, 2.0])
    found = score_records(records_of(logits, np.zeros(4, int), np.ones((5, 4, 2))))
    np.testing.assert_array_equal(found["first_learned"], [1, np.nan, 2, 1])
    np.testing.assert_array_equal(found["learning_epoch"], [1, np.nan, 4, np.nan])
    np.testing.assert_array_equal(found["iteration_learned"], [1, 1, 4, 5])
    np.testing.assert_array_equal(found["forgetting_events"], [0, np.nan, 1, 2])
    assert found["never_learned"].tolist() == [False, True, False, False]


def test_undefined_entries_rank_behind_all_defined_ones():
    columns = dynamics_columns(5)
    assert {name: c.null_ranks_as for name, c in columns.items() if c.null_ranks_as is not None} == {
        "first_learned": 6,
        "learning_epoch": 6,
        "forgetting_events": 5,
    }
    assert all(column.nullable == (column.null_ranks_as is not None) for column in columns.values())


@pytest.mark.parametrize(("epochs", "early"), [(1, 1), (4, 1), (20, 2), (200, 20)])
def test_el2n_is_taken_at_a_tenth_of_the_run(epochs, early):
    records = random_records(1, epochs=epochs)
    expected = records.loc[records["epoch"] == early, "el2n"].to_numpy()
    np.testing.assert_array_equal(score_records(records)["el2n"], expected)


@pytest.mark.parametrize("epoch", [0, 8, -1])
def test_el2n_epoch_out_of_reach_is_the_users_error(epoch):
    with pytest.raises(UserError, match=rf"el2n_epoch: expected 1\.\.7 .* got {epoch}"):
        score_records(random_records(0), el2n_epoch=epoch)


@pytest.mark.parametrize("scale", [1.0, 0.2])
@pytest.mark.parametrize("bias", [True, False])
def test_grand_last_is_the_norm_of_the_last_layers_gradient(scale, bias):
    random = np.random.default_rng(3)
    features, weights = random.normal(size=(6, 4)), random.normal(size=(3, 4))
    offset, labels = random.normal(size=3) * bias, random.integers(0, 3, 6)

    def losses(weights, offset):
        logits = scale * (features @ weights.T + offset)
        return np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(6), labels]

    step, squares = 1e-6, np.zeros(6)
    for place in np.ndindex(3, 4):
        shift = np.zeros((3, 4))
        shift[place] = step
        squares += ((losses(weights + shift, offset) - losses(weights - shift, offset)) / (2 * step)) ** 2
    for shift in step * np.eye(3) if bias else []:
        squares += ((losses(weights, offset + shift) - losses(weights, offset - shift)) / (2 * step)) ** 2

    logits = scale * (features @ weights.T + offset)
    records = records_of(logits[None], labels, features[None])
    found = score_records(records, output_scale=scale, output_bias=bias)["grand_last"]
    np.testing.assert_allclose(found, np.sqrt(squares), rtol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_the_order_of_the_rows_does_not_matter(seed):
    records = random_records(5)
    shuffled = records.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(score_records(shuffled), score_records(records))


def test_online_records_in_the_order_of_training():
    """Every epoch visits the examples in another order, and identifiers are not from 0."""
    records = random_records(2).assign(example_id=lambda rows: rows["example_id"] * 7 + 100)
    random = np.random.default_rng(0)
    visited = pd.concat(rows.iloc[random.permutation(len(rows))] for _, rows in records.groupby("epoch"))
    pd.testing.assert_frame_equal(score_records(visited), score_records(records))


def test_missing_pairs_are_named():
    records = random_records(0)
    some = records.drop(records.index[(records["example_id"] == 4) & records["epoch"].isin([2, 5])])
    with pytest.raises(UserError, match=r"2 of 77 .* missing: \(example 4, epoch 2\), \(example 4, epoch 5\);"):
        score_records(some)
    with pytest.raises(UserError, match=r"11 of 77 .* missing: \(example 0, epoch 3\), .*, \.\.\.;"):
        score_records(records[records["epoch"] != 3])


def test_repeated_pairs_are_named():
    records = random_records(0)
    with pytest.raises(UserError, match=r"1 of 77 .* more than once: \(example 0, epoch 1\)"):
        score_records(pd.concat([records, records.iloc[:1]]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.drop(columns=["margin", "loss"]), "no column margin, loss"),
        (lambda r: r.iloc[:0], "no rows"),
        (lambda r: r.assign(epoch=r["epoch"] - 1), "epochs count from 1"),
        (lambda r: r.assign(role=np.where(r["example_id"] == 0, "test", "train")), "roles test, train found"),
        (lambda r: r.assign(role=np.where(r["epoch"] == 1, "test", "train")), "changes its role"),
    ],
)
def test_other_faults_of_records_are_the_users_errors(change, message):
    with pytest.raises(UserError, match=message):
        score_records(change(random_records(0)))


def test_stored_records_are_reshaped():
    records = random_records(0)
    arrays = stored_records(records, "records.parquet")
    assert arrays.epochs == 7
    assert arrays["margin"].shape == (7, 11)
    assert arrays["margin"][2, 5] == records["margin"].iloc[2 * 11 + 5]
    assert arrays.roles() == ["train"]
    assert len(arrays.of_role("test").example_id) == 0
    assert arrays.first_epochs(2)["loss"].shape == (2, 11)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.iloc[:-1],
        lambda r: r.iloc[:0],
        lambda r: r.iloc[::-1],
        lambda r: r[r["epoch"] != 3],
        lambda r: r[r["epoch"] != 1],
        lambda r: r.sort_values(["example_id", "epoch"]),
        lambda r: pd.concat([r.iloc[:11], r.iloc[11:22].iloc[::-1]]),
        lambda r: r.assign(example_id=0),
    ],
)
def test_stored_records_in_any_other_order_are_refused(change):
    with pytest.raises(TableError, match=r"seed-0/records\.parquet"):
        stored_records(change(random_records(0))[list(RECORD_COLUMNS)], "seed-0/records.parquet")


@pytest.fixture(scope="module")
def noisy_training():
    """Softmax regression trained by SGD on three blobs, a tenth of the labels wrong: scores and the truth."""
    random = np.random.default_rng(0)
    examples, classes, epochs = 600, 3, 30
    clean = random.integers(0, classes, examples)
    inputs = random.normal(size=(classes, 30))[clean] + 0.9 * random.normal(size=(examples, 30))
    corrupt = random.random(examples) < 0.1
    labels = np.where(corrupt, (clean + random.integers(1, classes, examples)) % classes, clean)
    weights, onehot, logits = np.zeros((30, classes)), np.eye(classes)[labels], []
    for _ in range(epochs):
        for batch in random.permutation(examples).reshape(-1, 10):
            outputs = np.exp(inputs[batch] @ weights)
            softmax = outputs / outputs.sum(axis=1, keepdims=True)
            weights -= 0.15 * inputs[batch].T @ (softmax - onehot[batch]) / len(batch)
        logits.append(inputs @ weights)
    records = records_of(np.stack(logits), labels, np.broadcast_to(inputs, (epochs, *inputs.shape)))
    columns = dynamics_columns(epochs)
    scores = score_records(records)
    fills = {name: column.null_ranks_as for name, column in columns.items() if column.null_ranks_as is not None}
    return scores.fillna(fills), corrupt


@pytest.mark.parametrize(
    "score",
    [
        "loss",
        "loss_mean",
        "aum",
        "confidence",
        "el2n",
        "correctness",
        "forgetting_events",
        "first_learned",
        "grand_last",
    ],
)
def test_directions_say_that_planted_noise_is_hard(noisy_training, score):
    scores, corrupt = noisy_training
    assert roc_auc_score(corrupt, DYNAMICS[score].direction * scores[score]) > 0.8


def test_iteration_learned_of_label_sets_is_that_of_the_sets():
    records = random_records(3, epochs=4, examples=2)
    sets = np.array([[5, 1], [2, 1], [2, 0], [2, 1]])  # from epoch 2 on; at the last only
    arrays = stored_records(records.assign(predicted=0, predicted_set=sets.ravel()), "records.parquet")
    scores, plain = score_arrays(arrays), score_records(records)
    assert scores["iteration_learned"].tolist() == [2, 4]
    others = [name for name in DYNAMICS if name != "iteration_learned"]
    pd.testing.assert_frame_equal(scores[others], plain[others])
