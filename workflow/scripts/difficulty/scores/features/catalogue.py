"""Which scores compare the features of an image with those of others, given their labels."""

from difficulty.scores.catalogue import Entry

FEATURE_SCORES = {
    "knn_label_disagreement": Entry(
        "share of the votes of the nearest training images in given features that are for another label (Bahri et al. "
        "2020, Zhu et al. 2022)",
        1,
    ),
    "probe_margin": Entry(
        "log-probability of the given label less the largest other one, by a linear probe on given features that has "
        "not seen the image; null if the probe has not seen the label either",
        -1,
        nullable=True,
    ),
    "prototypicality": Entry(
        "1 - cosine between the given features and the mean of the label's other training images; null if there is no "
        "other (Sorscher et al. 2022)",
        1,
        nullable=True,
    ),
}
