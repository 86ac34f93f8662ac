"""Which scores compare the runs that were trained on an example with those that held it out."""

from difficulty.scores.catalogue import Entry

MEMORIZATION = {
    "memorization": Entry(
        "share of the runs trained on the example that are right about it at the last epoch, minus that of the runs "
        "that held it out (Feldman & Zhang 2020)",
        1,
    ),
    "memorization_soft": Entry("the same of the probability of the given label (Feldman & Zhang 2020)", 1),
    "consistency": Entry(
        "share of the runs that held the example out that are right about it at the last epoch (C-score, Jiang et al. "
        "2021)",
        -1,
    ),
    "reducible_loss": Entry(
        "mean loss at the last epoch of the runs trained on the example, minus that of the runs that held it out "
        "(Mindermann et al. 2022)",
        -1,
    ),
}
