"""Which scores of learning dynamics there are, in the order of their columns; those without direction are flags."""

from difficulty.scores.catalogue import Entry

DYNAMICS = {
    "first_learned": Entry("first epoch with a correct prediction (Toneva et al. 2019)", +1, nullable=True),
    "learning_epoch": Entry(
        "first epoch from which every prediction is correct (Maini et al. 2022)", +1, nullable=True
    ),
    "iteration_learned": Entry(
        "first epoch from which every prediction is the last one, right or wrong (Baldock et al. 2021)", +1
    ),
    "forgetting_events": Entry(
        "number of times a correct prediction is followed by a wrong one (Toneva et al. 2019)", +1, nullable=True
    ),
    "never_learned": Entry("predicted wrongly in every epoch"),
    "confidence": Entry("mean probability of the given label over epochs (Swayamdipta et al. 2020)", -1),
    "variability": Entry(
        "standard deviation of the given label's probability over epochs (Swayamdipta et al. 2020)", +1
    ),
    "correctness": Entry("share of epochs with a correct prediction; its mean over runs: Hacohen et al. 2020", -1),
    "aleatoric": Entry("mean of p (1 - p) over epochs, p of the given label (Data-IQ, Seedat et al. 2022)", +1),
    "aum": Entry("area under the margin: mean margin of the logits over epochs (Pleiss et al. 2020)", -1),
    "settled_margin": Entry("mean margin of the logits over the last quarter of the epochs", -1),
    "dynamic_uncertainty": Entry(
        "standard deviation of the given label's probability within ten epochs, mean over all windows (He et al. 2024)",
        +1,
    ),
    "dual": Entry(
        "deviation within ten epochs times one minus the mean probability, mean over all windows (Cho et al. 2025)",
        +1,
    ),
    "el2n": Entry("norm of softmax minus one-hot label at an early epoch (Paul et al. 2021)", +1),
    "loss": Entry("cross-entropy at the last epoch, nats", +1),
    "loss_mean": Entry("mean cross-entropy over epochs, nats", +1),
    "entropy": Entry("entropy of the softmax at the last epoch, nats", +1),
    "grand_last": Entry("norm of the last layer's gradient at the el2n epoch (GraNd, Paul et al. 2021)", +1),
}
