"""How the weights of a network are drawn, where it is not in the network's own way."""

from typing import Literal

from pydantic import Field

from difficulty.config.core.section import Section


class Initialization(Section):
    """Weights of convolutions and linear layers; their biases are 0 then."""

    kind: Literal["kaiming", "xavier"] = Field(
        description="variance of the weights: 2 / inputs (kaiming), 2 / (inputs + outputs) (xavier)"
    )
    distribution: Literal["normal", "uniform"] = Field("normal", description="what the weights are drawn from")
