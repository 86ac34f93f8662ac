"""All scores of given features: of training images against the other ones, of test images against all of these."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from difficulty.errors import UserError
from difficulty.scores.features.neighbors import most_neighbors, nearest_others, unit_vectors
from difficulty.scores.features.probe import (
    held_out_logits,
    log_probability_margin,
    probabilities_of,
    probe_logits,
)
from difficulty.scores.features.prototypes import prototypicality
from difficulty.scores.label_neighbors import label_disagreement

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Labelled:
    """N images: vectors float32 (N, D), labels from 0 (N,), and content (N,), numbers that identical images share."""

    vectors: np.ndarray
    labels: np.ndarray
    content: np.ndarray


def all_logits(train: Labelled, test: Labelled, fold: np.ndarray, classes: int, strength: float) -> np.ndarray:
    """Logits float64 (N + M, classes) of a linear probe: of training images held out, of test images by all of these.

    fold: (N,). strength: see `probe_logits`. Raises UserError if all training images are identical.
    """
    if len(np.unique(train.content)) < 2:
        raise UserError("features: all training images are identical, so there is nothing to compare; add others")
    logits = held_out_logits(train.vectors, train.labels, fold, classes, strength)
    if not len(test.labels):
        return logits
    return np.concatenate([logits, probe_logits(train.vectors, train.labels, test.vectors, classes, strength)])


def feature_scores(
    train: Labelled, test: Labelled, fold: np.ndarray, classes: int, settings: Mapping
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(score -> (N + M,), probabilities float32 (N + M, classes)) of N training images, then of M test images.

    fold: (N,), of the probe. settings: neighbors, strength. No image is scored by what has seen it or an identical one,
    but test images that are identical to training images are by a probe that has seen these.
    Raises UserError if all training images are identical.
    """
    logits = all_logits(train, test, fold, classes, settings["strength"])
    margin = log_probability_margin(logits, np.concatenate([train.labels, test.labels]))
    bank = unit_vectors(train.vectors)
    disagreement, distance = [], []
    for part, queries in ((train, bank), (test, unit_vectors(test.vectors))):
        if not len(part.labels):
            continue
        k = min(settings["neighbors"], most_neighbors(train.content, part.content))
        logger.info("%d nearest neighbours of each of %d images", k, len(queries))
        nearest, distances = nearest_others(bank, train.content, queries, part.content, k)
        disagreement.append(label_disagreement(train.labels[nearest], distances, part.labels))
        compared = train.labels, train.content, queries, part.labels, part.content
        distance.append(prototypicality(bank, *compared))
    found = {
        "knn_label_disagreement": np.concatenate(disagreement),
        "probe_margin": margin,
        "prototypicality": np.concatenate(distance),
    }
    return found, probabilities_of(logits)
