"""Which scores of label quality there are, which only held-out examples have; those without direction are flags."""

from difficulty.scores.catalogue import Entry

LABEL_QUALITY = {
    "self_confidence": Entry("probability of the given label, held out (Northcutt et al. 2021)", -1),
    "normalized_margin": Entry(
        "probability of the given label minus the largest other one, held out (Northcutt et al. 2021)", -1
    ),
    "label_issue": Entry("confidently of another class than given, by the probabilities of all folds of the seed"),
}
