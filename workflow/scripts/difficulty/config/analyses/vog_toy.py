"""The toy experiment of variance of gradients: blobs, networks and stages."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from difficulty.config.core.lists import Bootstrap, Epochs
from difficulty.config.core.names import Name
from difficulty.config.core.problems import Place, expected
from difficulty.config.core.ranges import Range, Seed
from difficulty.config.core.section import Section, problems_at, without_repeats

# What the published script does; with `reference: true` nothing else is.
PUBLISHED = {
    "blob_seed": 212,
    "seeds": [0],
    "hidden": 10,
    "target": "probability",
    "learning_rate": 0.001,
    "epochs": 15,
}
_LARGEST_RATE = 100


class VogToy(Section):
    """Two-dimensional blobs on which variance of gradients can be seen, after Agarwal et al. 2022, section 3."""

    reference: bool = Field(
        False, description="do it as the published script does, its faults included; false: without the faults"
    )
    blob_seed: Seed = Field(PUBLISHED["blob_seed"], description="seed of the points")
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(without_repeats)] = Field(
        list(range(10)),
        description="one network each, the first of which is drawn; with reference: [0], the published one",
    )
    hidden: Annotated[int, Range(1, 10_000)] = Field(PUBLISHED["hidden"], description="hidden units")
    target: Literal["logit", "probability"] = Field(
        "logit",
        description="what of the label is differentiated: its logit, or its probability after the softmax, whose "
        "gradient vanishes where the network is sure; with reference: probability",
    )
    learning_rate: Annotated[float, Range(0, _LARGEST_RATE, low_excluded=True)] = Field(
        0.03, description="of plain gradient descent on all training points at once; with reference: 0.001"
    )
    epochs: Annotated[int, Range(1, 10_000)] = Field(PUBLISHED["epochs"], description="updates")
    stages: Annotated[dict[Name, Epochs], Field(min_length=1)] = Field(
        {
            "early": list(range(5)),
            "middle": list(range(5, 10)),
            "late": list(range(10, 15)),
            "complete": list(range(15)),
        },
        description="name -> epochs whose gradients are compared; epoch 0 ends with the first update",
    )
    bootstrap: Bootstrap = Field(200, description="resamples of the points behind each interval")

    @model_validator(mode="before")
    @classmethod
    def _fill_in_what_was_published(cls, data):
        return {**PUBLISHED, **data} if isinstance(data, dict) and data.get("reference") is True else data

    @model_validator(mode="after")
    def _fits_together(self):
        if faults := list(self._faults()):
            raise problems_at(faults)
        return self

    def _faults(self) -> Iterator[tuple[Place, str]]:
        for key, value in PUBLISHED.items():
            if self.reference and getattr(self, key) != value:
                yield (key,), f"is {value} in the published experiment; leave it out, or set reference: false"
        for stage, epochs in self.stages.items():
            for index, epoch in enumerate(epochs):
                if epoch >= self.epochs:
                    yield ("stages", stage, index), expected(f"an epoch 0..{self.epochs - 1}", epoch)
