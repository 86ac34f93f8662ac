"""The scores that say how likely a given label is wrong."""

from difficulty.scores.catalogue import Entry

LABEL_ERROR = {
    "label_error": Entry(
        "how suspect the given label is by all evidence: of networks, features and given probabilities, and of which "
        "classes the labels confuse; a normal score",
        1,
    ),
    "label_error_probability": Entry(
        "estimated probability that the given label is wrong, in the order of label_error; null where nothing permits "
        "an estimate",
        nullable=True,
    ),
}
