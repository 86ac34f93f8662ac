"""Axes for influence, which spreads over orders of magnitude: logarithmic, or where it is signed inverse hyperbolic."""

from dataclasses import dataclass, replace
from math import ceil, floor, log10

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from difficulty.figures.influence.numbers import tick_text

_MARGIN = 0.06  # of the axis, at either end
_LABELLED = 0.1  # of the axis, at either end, where no label stands, as it would touch that of the next panel
_MOST_TICKS = 3


@dataclass(frozen=True)
class InfluenceScale:
    """The axis of one variant. signed: linear up to about `width` on either side of 0, beyond it logarithmic."""

    low: float
    high: float
    signed: bool
    width: float = 1.0

    @classmethod
    def of(cls, values: np.ndarray, signed: bool) -> "InfluenceScale":
        """The scale on which all `values` are seen that are finite and, unless signed, positive."""
        shown = values[np.isfinite(values) & (signed | (values > 0))].astype(float)
        sizes = np.abs(shown[shown != 0])
        if not len(sizes):
            return cls(-1.0, 1.0, True) if signed else cls(0.1, 10.0, False)
        tight = cls(shown.min(), shown.max(), signed, float(np.median(sizes)))
        return replace(tight, **dict(zip(("low", "high"), tight._between(-_MARGIN, 1 + _MARGIN), strict=True)))

    def _between(self, *shares: float) -> list[float]:
        """Values at such shares of the axis, from its low end."""
        low, high = self.forward(np.array([self.low, self.high]))
        return self.backward(low + np.array(shares) * ((high - low) or 1.0)).tolist()

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Where on the axis values lie, in units of its own."""
        return np.arcsinh(values / self.width) if self.signed else np.log(values)

    def backward(self, places: np.ndarray) -> np.ndarray:
        """Values at such places."""
        return np.sinh(places) * self.width if self.signed else np.exp(places)

    def spread(self, count: int) -> np.ndarray:
        """`count` values from end to end, as far apart on the axis."""
        return np.array(self._between(*np.linspace(0, 1, count)))

    def ticks(self) -> list[float]:
        """A few round values, away from the ends."""
        low, high = self._between(_LABELLED, 1 - _LABELLED)
        if not self.signed:
            return _round_between(low, high)
        inner, outer = sorted(map(abs, (low, high)))
        if low * high > 0:
            return sorted(np.sign(low) * value for value in _round_between(inner, outer))
        both = self.forward(inner) > 0.5 * self.forward(outer)
        outer = self._round_below(inner if both else outer)
        return [value for value in (-outer, 0.0, outer) if low <= value <= high]

    def _round_below(self, end: float) -> float:
        """A power of ten up to `end`, or two or five times such where that is too near to 0."""
        power = 10.0 ** floor(log10(end))
        found = [factor * power for factor in (1, 2, 5) if factor * power <= end] or [end]
        return next((value for value in found if self.forward(value) > 0.5 * self.forward(end)), found[-1])

    def set(self, axis: Axis, labels: bool) -> None:
        """Makes `axis` of this scale. labels: whether numbers stand at its ticks."""
        axes, name = axis.axes, axis.axis_name
        options = {"value": "function", "functions": (self.forward, self.backward)} if self.signed else {"value": "log"}
        {"x": axes.set_xscale, "y": axes.set_yscale}[name](**options)
        {"x": axes.set_xlim, "y": axes.set_ylim}[name](self.low, self.high)
        ticks = self.ticks()
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(FixedFormatter([tick_text(tick) if labels else "" for tick in ticks]))
        axis.set_minor_locator(NullLocator())


def _round_between(low: float, high: float) -> list[float]:
    """Powers of ten, evenly spaced; where there are not two of them, also twice and five times such."""
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5), range(1, 10)):
        found = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        found = [value for value in found if low <= value <= high]
        if len(found) > 1:
            return found[:: ceil(len(found) / _MOST_TICKS)]
    return found or [low**0.5 * high**0.5]
