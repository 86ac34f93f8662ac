"""A map of all images of a data set: their features in two dimensions."""

import importlib.util
import math

import numpy as np
import pyarrow as pa

from difficulty.errors import UserError
from difficulty.tables import Column, Schema

FEATURE_MAP = Schema(
    "feature_map",
    {
        "example_id": Column(pa.int64(), "as in the examples"),
        "x": Column(pa.float32(), "horizontal place on the map"),
        "y": Column(pa.float32(), "vertical place on the map"),
    },
    key=("example_id",),
)
_MEMORY = 512 << 20  # bytes of vectors that are in memory as a whole, beside scikit-learn's copy of them
_BYTES_TOGETHER = 64 << 20  # of vectors


def principal_map(vectors) -> tuple[np.ndarray, list[float]]:
    """(places (N, 2), share of the variance that each axis explains) by the first two principal components.

    vectors: float32 (N, D), or what gives slices of such; those of more than 512 MiB are read in parts, which gives the
    same to the rounding of float32. An axis that does not exist, as there are too few images or features, is 0.
    """
    if 4 * math.prod(vectors.shape) > _MEMORY:
        return _principal_map_in_parts(vectors)
    vectors = vectors[:]
    from sklearn.decomposition import PCA  # a second that those who read the table do not need

    axes = min(2, *vectors.shape)
    analysis = PCA(axes, random_state=0)
    places = np.zeros((len(vectors), 2), np.float32)
    if len(vectors) == 1 or not np.ptp(vectors, axis=0).any():
        return places, [0.0, 0.0]
    places[:, :axes] = analysis.fit_transform(vectors)
    explained = np.zeros(2)
    explained[:axes] = analysis.explained_variance_ratio_
    return places, explained.tolist()


def _principal_map_in_parts(vectors) -> tuple[np.ndarray, list[float]]:
    """The same of at least two different rows of two or more features, which are read three times.

    Beside parts of 64 MiB it takes the memory of the features' covariances, 8 D^2 bytes.
    """
    count, width = vectors.shape
    rows = max(1, _BYTES_TOGETHER // (4 * width))
    parts = [slice(start, start + rows) for start in range(0, count, rows)]
    mean = (sum(vectors[part].sum(axis=0, dtype=np.float64) for part in parts) / count).astype(np.float32)
    covariance = np.zeros((width, width))
    for part in parts:
        centred = vectors[part] - mean
        covariance += centred.T @ centred
    variance, axes = np.linalg.eigh(covariance)
    largest = axes[:, :-3:-1]
    largest = largest * np.sign(largest[np.abs(largest).argmax(axis=0), [0, 1]])  # scikit-learn's choice of two
    places = np.concatenate([(vectors[part] - mean) @ largest.astype(np.float32) for part in parts])
    return places, (variance[:-3:-1] / (variance.sum() or 1.0)).tolist()


def umap_places(vectors: np.ndarray) -> np.ndarray:
    """Places (N, 2) by UMAP (McInnes et al. 2018, arXiv 1802.03426) with cosine distances, always the same.

    Raises UserError if the package is not installed.
    """
    if importlib.util.find_spec("umap") is None:
        raise UserError("analyses.features.map: umap needs a package; run `pip install umap-learn`, or set map: pca")
    umap = importlib.import_module("umap")
    return umap.UMAP(n_components=2, metric="cosine", random_state=0, n_jobs=1).fit_transform(vectors)
