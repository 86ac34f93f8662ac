"""Prediction depth (Baldock, Maennel, Neyshabur 2021): its three steps, in NumPy and torch.

The nearest neighbours of what a network makes of an image at each layer, their vote, and the layer from which on the
votes are what the network predicts. A stage that needs no torch imports from `votes` alone.
"""

from difficulty.scores.depth.neighbors import nearest_neighbors
from difficulty.scores.depth.votes import prediction_depth, vote

__all__ = ["nearest_neighbors", "prediction_depth", "vote"]
