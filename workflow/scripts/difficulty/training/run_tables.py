"""The tables that a training run leaves: records, history, steps, timing, checkpoints, evaluation."""

from dataclasses import replace

import pandas as pd
import pyarrow as pa

from difficulty.tables import Column, Schema

# One row per example and epoch, epochs in order, examples in the order of the data set.
RECORDS = Schema(
    "records",
    {
        "example_id": Column(pa.int64(), "as in the examples"),
        "epoch": Column(pa.int32(), "epoch, from 1"),
        "role": Column(pa.string(), "train, validation (held out by a fold) or test, in this run"),
        "predicted": Column(pa.int32(), "class with the largest logit"),
        "correct": Column(pa.bool_(), "predicted equals the given label"),
        "probability": Column(pa.float32(), "softmax probability of the given label"),
        "margin": Column(pa.float32(), "logit of the given label minus the largest other logit"),
        "loss": Column(pa.float32(), "cross-entropy of the given label, nats"),
        "el2n": Column(pa.float32(), "Euclidean norm of softmax minus one-hot given label"),
        "entropy": Column(pa.float32(), "entropy of the softmax, nats"),
        "feature_norm": Column(pa.float32(), "Euclidean norm of the penultimate features; null if not known", True),
    },
    open=True,
)

# The same of images with several labels: see training/set_outcomes.py. Classes that do not count are left out.
_OF_SETS = {
    "correct": "the predicted set equals the given one (exact match)",
    "probability": "probability of the given set: product of the sigmoids of its classes and 1 - those of the others",
    "margin": "logit of the given set (sum of those of its classes) minus the largest logit of another set",
    "loss": "binary cross-entropy, mean over classes, nats",
    "el2n": "Euclidean norm of sigmoids minus the given set as 0 and 1",
    "entropy": "sum of the entropies of the sigmoids, nats",
}
SET_RECORDS = replace(
    RECORDS,
    columns={
        name: replace(column, description=_OF_SETS.get(name, column.description))
        for name, column in RECORDS.columns.items()
    }
    | {
        "predicted_set": Column(
            pa.dictionary(pa.int32(), pa.string()),
            "classes whose sigmoid is above 1/2: their numbers, ascending, separated by spaces",
        )
    },
)


def records_schema(records: pd.DataFrame) -> Schema:
    """RECORDS, or SET_RECORDS if these are of label sets."""
    return SET_RECORDS if "predicted_set" in records else RECORDS


HISTORY = Schema(
    "history",
    {
        "epoch": Column(pa.int32(), "epoch, from 1"),
        "group": Column(pa.string(), "train, train_sample, pristine, corrupt (parts of train), validation or test"),
        "examples": Column(pa.int64(), "number of examples in the group"),
        "loss": Column(pa.float64(), "mean cross-entropy of the given labels, nats; of label sets, binary"),
        "top1": Column(
            pa.float64(), "share of examples whose given label has the largest logit; of label sets, of exact matches"
        ),
        "top5": Column(
            pa.float64(),
            "share of examples whose given label is among the five largest logits; null of label sets",
            nullable=True,
        ),
        "learning_rate": Column(pa.float64(), "learning rate of the epoch's last step; null if not known", True),
    },
    key=("epoch", "group"),
)

STEPS = Schema(
    "steps",
    {
        "step": Column(pa.int64(), "gradient step, from 1"),
        "epoch": Column(pa.int32(), "epoch, from 1"),
        "examples": Column(pa.int32(), "examples in the batch"),
        "loss": Column(pa.float32(), "mean loss of the batch before the step, nats"),
        "learning_rate": Column(pa.float64(), "learning rate of the step"),
    },
    key=("step",),
)

TIMING = Schema(
    "timing",
    {
        "epoch": Column(pa.int32(), "epoch, from 1"),
        "train_seconds": Column(pa.float64(), "wall time of the gradient steps"),
        "record_seconds": Column(pa.float64(), "wall time of the clean pass, and of settling batch norm before it"),
        "examples_per_second": Column(pa.float64(), "training examples over train_seconds"),
    },
    key=("epoch",),
)

CHECKPOINTS = Schema(
    "checkpoints",
    {
        "epoch": Column(pa.int32(), "epochs of training behind the weights; 0 is the initialisation"),
        "file": Column(pa.string(), "file name in the same folder"),
        "bytes": Column(pa.int64(), "size of the file"),
        "sha256": Column(pa.string(), "SHA-256 of the file"),
    },
    key=("epoch",),
)

EVALUATION = Schema(
    "evaluation",
    {
        "dataset": Column(pa.string(), "data set evaluated on"),
        "split": Column(pa.string(), "train, validation or test"),
        "epoch": Column(pa.int32(), "checkpoint"),
        "examples": Column(pa.int64(), "number of examples"),
        "loss": Column(pa.float64(), "mean cross-entropy, nats; of label sets, binary"),
        "top1": Column(pa.float64(), "share of correct predictions; of label sets, of exact matches"),
        "top5": Column(
            pa.float64(), "share with the label among the five largest logits; null of label sets", nullable=True
        ),
    },
    key=("dataset", "split", "epoch"),
)

EVALUATIONS = Schema(
    "evaluations",
    {
        "experiment": Column(pa.string(), "experiment"),
        "run": Column(pa.string(), "seed-0, or seed-0-fold-3"),
        **EVALUATION.columns,
    },
    key=("experiment", "run", *EVALUATION.key),
)
