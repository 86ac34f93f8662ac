"""Images, labels and probes that tests of the figures of prediction depth draw."""

import numpy as np
import pandas as pd

from difficulty.figures.prediction_depth import votes as depth_votes

PROBES = ["input", "stem", "block", "features", "softmax"]
COLOR, GREY = (32, 32, 3), (8, 8, 1)


def make_images(count, shape=GREY):
    """The image of row i is of the one value i."""
    values = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(values, (count, *shape)).copy()


def make_labels(count, classes=10):
    label = np.arange(count) % classes
    return pd.DataFrame({"label": label, "clean_label": label, "is_corrupt": False})


def long_names(count):
    return [f"a_rather_long_name.stage.{number}" for number in range(count)]


def make_votes(depth, probes=5, epochs=4, classes=10):
    """Votes that give these depths (NaN: undefined): before, the class above the predicted one; predicted as given."""
    depth = np.asarray(depth, float)
    predicted = np.arange(len(depth)) % classes
    reached = np.arange(probes) >= np.where(np.isnan(depth), probes, depth)[:, None]
    vote = np.where(reached, predicted[:, None], (predicted[:, None] + 1) % classes)
    by_epoch = np.tile(predicted, (epochs, 1))
    return depth_votes.Votes(vote, np.zeros(vote.shape, bool), predicted, by_epoch)
