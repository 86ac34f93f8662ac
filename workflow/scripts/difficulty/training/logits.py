"""What saved networks give before any softmax or sigmoid, and after it."""

import numpy as np
import torch
from torch import nn

from difficulty.models.classifier import log_probabilities
from difficulty.models.inference import inference_copy, with_batch_statistics
from difficulty.training.loop import TrainingData, autocast, evaluation_batches, mixed_batches


def predict_logits(model: nn.Module, data: TrainingData, settings: dict) -> np.ndarray:
    """Logits float32 (N, C) of all examples of `data`, which is on the model's device, as clean records see them.

    settings: precision, workers and batch_norm, as for `clean_outcomes`.
    """
    by_batch = settings.get("batch_norm") == "batch"
    model = inference_copy(with_batch_statistics(model) if by_batch else model)
    batches = (mixed_batches if by_batch else evaluation_batches)(len(data.images))
    places = np.concatenate([np.arange(len(data.images))[rows] for rows in batches])
    with torch.inference_mode(), autocast(settings, data.device):
        loaded = data.batches(batches, settings)
        parts = [model(data.normalization(images)).float().cpu().numpy() for images in loaded]
    logits = np.concatenate(parts)
    return logits[np.argsort(places)]


def predict_probabilities(model: nn.Module, data: TrainingData, settings: dict) -> np.ndarray:
    """Softmax float32 (N, C) of the same logits."""
    return log_probabilities(torch.from_numpy(predict_logits(model, data, settings))).exp().numpy()
