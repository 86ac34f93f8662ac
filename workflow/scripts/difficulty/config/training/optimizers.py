"""Optimizers. One is a class here and the module of difficulty/training/optimizers/ that `name` names."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from difficulty.config.core.ranges import Range
from difficulty.config.core.section import ChosenBy, Section, problem

LearningRate = Annotated[float, Range(0, 1000, low_excluded=True)]
WeightDecay = Annotated[float, Range(0, 10)]
Decay = Annotated[float, Range(0, 1, high_excluded=True)]
_LR = "peak learning rate, times the schedule's factor"


class Sgd(Section):
    """Stochastic gradient descent (torch.optim.SGD)."""

    name: Literal["sgd"] = Field(description="optimizer")
    lr: LearningRate = Field(description=_LR)
    momentum: Decay = Field(0.0, description="share of the last update that is kept")
    weight_decay: WeightDecay = Field(0.0, description="times the weights, added to the gradient")
    nesterov: bool = Field(False, description="Nesterov's momentum")

    @field_validator("nesterov")
    @classmethod
    def _has_momentum(cls, nesterov, info):
        if nesterov and info.data.get("momentum") == 0:
            raise problem("needs a momentum above 0")
        return nesterov


class Adam(Section):
    """Adam (torch.optim.Adam)."""

    name: Literal["adam"] = Field(description="optimizer")
    lr: LearningRate = Field(description=_LR)
    betas: Annotated[list[Decay], Field(min_length=2, max_length=2)] = Field(
        [0.9, 0.999], description="decay of the running means of the gradient and of its square"
    )
    eps: Annotated[float, Range(0, 1, low_excluded=True)] = Field(1e-8, description="added to the denominator")
    weight_decay: WeightDecay = Field(0.0, description="times the weights, added to the gradient")


class AdamW(Section):
    """Adam with decoupled weight decay (torch.optim.AdamW)."""

    name: Literal["adamw"] = Field(description="optimizer")
    lr: LearningRate = Field(description=_LR)
    betas: Annotated[list[Decay], Field(min_length=2, max_length=2)] = Field(
        [0.9, 0.999], description="decay of the running means of the gradient and of its square"
    )
    eps: Annotated[float, Range(0, 1, low_excluded=True)] = Field(1e-8, description="added to the denominator")
    weight_decay: WeightDecay = Field(0.01, description="times the learning rate, taken off the weights")


class _ThreeGradients(Section):
    name: str = Field(description="optimizer")
    lr: LearningRate = Field(description=_LR)
    weight_decay: WeightDecay = Field(0.0, description="times the weights, added to the gradient")

    refused: ClassVar = {
        "momentum": "rm3, m3 and ra3 have none: it would carry on weak directions of earlier batches; leave it out"
    }


class Rm3(_ThreeGradients):
    """Steps along the coordinate-wise median of the last three gradients (Zielinski et al. 2020)."""

    name: Literal["rm3"] = Field(description="optimizer")


class M3(_ThreeGradients):
    """A step along the coordinate-wise median of three fresh gradients, every third batch (Zielinski et al. 2020)."""

    name: Literal["m3"] = Field(description="optimizer")
    groups: Annotated[int, Range(3, 3)] | None = Field(
        None,
        description="3: a step with every batch, along the median of the gradients of its three parts; null: a step "
        "with every third batch, along the median of three batches' gradients",
    )


class Ra3(_ThreeGradients):
    """Steps along the mean of the last three gradients, the control of rm3 (Zielinski et al. 2020)."""

    name: Literal["ra3"] = Field(description="optimizer")


Optimizer = Annotated[Sgd | Adam | AdamW | Rm3 | M3 | Ra3, ChosenBy("name")]
