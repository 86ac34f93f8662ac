"""Learning-rate schedules: factors on the optimizer's rate.

One is a class here and the module of difficulty/training/schedules/ that `name` names.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from difficulty.config.core.ranges import Fraction, Range
from difficulty.config.core.section import ChosenBy, Section, problems_at

_Factor = Annotated[float, Range(0, 1000)]
_EpochPosition = Annotated[float, Range(0, 100_000)]


class AnySchedule(Section):
    """What every schedule can be asked."""

    def faults(self, epochs: int) -> list[tuple[str, str]]:
        """(key, problem) of settings that do not fit a training of so many epochs."""
        return []


class Constant(AnySchedule):
    """The rate stays as it is."""

    name: Literal["constant"] = Field(description="schedule of the learning rate")


class Step(AnySchedule):
    """The rate is multiplied by gamma every step_size epochs."""

    name: Literal["step"] = Field(description="schedule of the learning rate")
    step_size: Annotated[int, Range(1, 100_000)] = Field(description="epochs between two steps")
    gamma: Annotated[float, Range(0, 10, low_excluded=True)] = Field(description="factor at each step")


class Cosine(AnySchedule):
    """Half a cosine down to `final`, after a linear warm-up if there is one."""

    name: Literal["cosine"] = Field(description="schedule of the learning rate")
    warmup: _EpochPosition = Field(0.0, description="epochs of linear warm-up")
    final: Fraction = Field(0.0, description="factor at the last step")

    def faults(self, epochs: int) -> list[tuple[str, str]]:
        """(key, problem) of settings that do not fit a training of so many epochs."""
        if self.warmup < epochs:
            return []
        return [("warmup", f"expected fewer than the {epochs} epochs of training, got {self.warmup:g}")]


class OneCycle(AnySchedule):
    """Up to the peak rate and down again (torch's OneCycleLR)."""

    name: Literal["one_cycle"] = Field(description="schedule of the learning rate")
    warmup: Fraction = Field(0.3, description="share of all steps in which the rate goes up")
    initial: Fraction = Field(0.04, description="factor at the first step")
    final: Fraction = Field(4e-6, description="factor at the last step")


class PiecewiseLinear(AnySchedule):
    """Straight lines between points, constant beyond the ends."""

    name: Literal["piecewise_linear"] = Field(description="schedule of the learning rate")
    points: Annotated[
        list[Annotated[list[_EpochPosition], Field(min_length=2, max_length=2)]], Field(min_length=2, max_length=1000)
    ] = Field(description="[epoch, factor] pairs, epochs increasing, e.g. [[0, 0], [5, 1], [25, 0]]")

    @field_validator("points")
    @classmethod
    def _increase(cls, points):
        back = [index for index in range(1, len(points)) if points[index][0] <= points[index - 1][0]]
        if back:
            raise problems_at(
                ((index, 0), f"expected an epoch after {points[index - 1][0]:g}, got {points[index][0]:g}")
                for index in back
            )
        return points


Schedule = Annotated[Constant | Step | Cosine | OneCycle | PiecewiseLinear, ChosenBy("name")]
