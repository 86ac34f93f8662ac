"""Records of experiments that nobody trained: a data set, labels, and runs whose networks improve with the epochs."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.tables import Column, write_table
from difficulty.training.run_tables import HISTORY, RECORDS

TRAIN, TEST, CLASSES, EPOCHS = 120, 40, 4, 6
PLAIN_RUNS = ["seed-0", "seed-1", "seed-2"]
FOLD_RUNS = [f"seed-{seed}-fold-{fold}" for seed in (0, 1) for fold in (0, 1, 2)]


def make_dataset(folder, names=tuple(f"class {label}" for label in range(CLASSES))):
    """A table of examples. names: of the classes."""
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, TRAIN + TEST)
    examples = pd.DataFrame(
        {
            "example_id": np.arange(TRAIN + TEST),
            "split": ["train"] * TRAIN + ["test"] * TEST,
            "key": [f"key {i}" for i in range(TRAIN + TEST)],
            "original_index": np.arange(TRAIN + TEST),
            "label": labels,
            "class_name": [names[label] for label in labels],
            "file": [f"train/{i}.png" for i in range(TRAIN + TEST)],
            "sha256": "0",
            "duplicate_of": pd.array([None] * (TRAIN + TEST), "Int64"),
            "human_entropy": np.where(np.arange(TRAIN + TEST) % 7 == 0, np.nan, random.random(TRAIN + TEST)),
        }
    )
    entropy = {"human_entropy": Column(pa.float64(), "entropy", nullable=True)}
    write_table(examples, folder / "examples.parquet", EXAMPLES.extended(entropy))
    return examples


def _history(records):
    """Loss and accuracy of the training examples after each epoch."""
    trained = records[records["role"] == "train"].groupby("epoch")
    means = trained.agg(examples=("loss", "size"), loss=("loss", "mean"), top1=("correct", "mean")).reset_index()
    return means.assign(group="train", top5=1.0, learning_rate=0.1)


def make_experiment(folder, examples, runs, noise):
    """Records of networks whose margin grows with the epochs, less for corrupt labels, and noise of the run."""
    corrupt = (np.arange(len(examples)) < TRAIN) & (np.arange(len(examples)) % 10 == 0) & noise
    labels = examples[["example_id", "split"]].assign(clean_label=examples["label"], is_corrupt=corrupt)
    labels["content"] = labels["example_id"]
    labels["label"] = np.where(corrupt, (examples["label"] + 1) % CLASSES, examples["label"])
    write_table(labels, folder / "labels.parquet", LABELS)
    for number, run in enumerate(runs):
        random = np.random.default_rng(number)
        role = examples["split"].to_numpy(dtype=object)
        if "fold" in run:
            role[:TRAIN][np.arange(TRAIN) % 3 == int(run[-1])] = "validation"
        rows = []
        for epoch in range(1, EPOCHS + 1):
            logits = 0.7 * random.normal(size=(len(examples), CLASSES))
            logits[np.arange(len(examples)), examples["label"]] += 0.5 * epoch
            softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            onehot = np.eye(CLASSES)[labels["label"]]
            own = (logits * onehot).sum(axis=1)
            rows.append(
                pd.DataFrame(
                    {
                        "example_id": examples["example_id"],
                        "epoch": epoch,
                        "role": role,
                        "predicted": logits.argmax(axis=1),
                        "correct": logits.argmax(axis=1) == labels["label"],
                        "probability": (softmax * onehot).sum(axis=1),
                        "margin": own - np.where(onehot == 1, -np.inf, logits).max(axis=1),
                        "loss": -np.log((softmax * onehot).sum(axis=1)),
                        "el2n": np.linalg.norm(softmax - onehot, axis=1),
                        "entropy": -(softmax * np.log(softmax)).sum(axis=1),
                        "feature_norm": 1 + random.random(len(examples)),
                    }
                )
            )
        facts = {"output_scale": 0.2, "output_bias": False}
        write_table(pd.concat(rows), folder / run / "records.parquet", RECORDS, facts)
        write_table(_history(pd.concat(rows)), folder / run / "history.parquet", HISTORY)
    return labels
