"""One row that says how many labels are wrong and how far to trust it, and which classes are taken for which."""

import pyarrow as pa

from difficulty.tables import Column, Schema

LABEL_ERRORS = Schema(
    "label_errors",
    {
        "examples": Column(pa.int64(), "training examples"),
        "estimated_wrong": Column(pa.float64(), "estimated number of wrong labels", True),
        "low": Column(pa.float64(), "lower end of its range over models and samples", True),
        "high": Column(pa.float64(), "upper end", True),
        "cut": Column(pa.int64(), "how many of the most suspect labels are likelier wrong than right", True),
        "expected_precision": Column(pa.float64(), "expected share of these that are wrong", True),
        "expected_recall": Column(pa.float64(), "expected share of the wrong labels that are among these", True),
        "trustworthy": Column(pa.bool_(), "whether the order and the estimates deserve trust"),
        "reason": Column(pa.string(), "why, or why not; and why there are no estimates, where there are none"),
        "fitted": Column(pa.float64(), "share of the training labels that networks fit at their last epoch", True),
        "held_out": Column(pa.float64(), "share of the labels that predictors give without having seen them", True),
        "reliability": Column(pa.float64(), "of label_error over the seeds, by rank (Spearman-Brown)", True),
        "evidence": Column(pa.string(), "kinds of evidence in label_error"),
    },
)

LABEL_CONFUSION = Schema(
    "label_confusion",
    {
        "given": Column(pa.int64(), "the given label"),
        "likely": Column(pa.int64(), "the class that the image may be of"),
        "given_class": Column(pa.string(), "name of the given label's class"),
        "likely_class": Column(pa.string(), "name of the other"),
        "examples": Column(pa.int64(), "training examples with the given label"),
        "expected": Column(pa.float64(), "expected number of them that are of the other class"),
    },
    key=("given", "likely"),
)
