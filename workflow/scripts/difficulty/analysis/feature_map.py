"""A map of all images of a data set: their features in two dimensions."""

import importlib.util

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


def principal_map(vectors: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """(places (N, 2), share of the variance that each axis explains) by the first two principal components.

    vectors: float32 (N, D). An axis that does not exist, as there are too few images or features, is 0.
    """
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


def umap_places(vectors: np.ndarray) -> np.ndarray:
    """Places (N, 2) by UMAP (McInnes et al. 2018, arXiv 1802.03426) with cosine distances, always the same.

    Raises UserError if the package is not installed.
    """
    if importlib.util.find_spec("umap") is None:
        raise UserError("analyses.features.map: umap needs a package; run `pip install umap-learn`, or set map: pca")
    umap = importlib.import_module("umap")
    return umap.UMAP(n_components=2, metric="cosine", random_state=0, n_jobs=1).fit_transform(vectors)
