"""Numbers with bounds. A bool is never a number, and neither nan nor an infinity is ever in range."""

import math
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic_core import core_schema

from difficulty.config.core.problems import expected
from difficulty.config.core.section import problem

# PyYAML reads numbers like 5e-4, which have no point, as text.
_FLOAT_READ_AS_TEXT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")


@dataclass(frozen=True)
class Range:
    """Annotation of an int or float: `fraction: Annotated[float, Range(0, 1)]`, bounds included unless said."""

    low: float
    high: float
    low_excluded: bool = False
    high_excluded: bool = False

    def __contains__(self, number: float) -> bool:
        above = number > self.low if self.low_excluded else number >= self.low
        return above and (number < self.high if self.high_excluded else number <= self.high)

    def __str__(self) -> str:
        if self.low == self.high:
            return _plain(self.low)
        if not (self.low_excluded or self.high_excluded):
            return f"{_plain(self.low)}..{_plain(self.high)}"
        low = f"a number {'above' if self.low_excluded else 'at least'} {_plain(self.low)}"
        return f"{low} and {'below' if self.high_excluded else 'at most'} {_plain(self.high)}"

    def whole(self, value) -> int:
        """`value` if it is an int in range."""
        if isinstance(value, int) and not isinstance(value, bool) and value in self:
            return value
        raise problem(expected(f"a whole number {self}", value))

    def real(self, value) -> float:
        """`value` as a float if it is a finite number in range."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str) and _FLOAT_READ_AS_TEXT.fullmatch(value):
            number = float(value)
        else:
            raise problem(expected(f"{self}", value))
        if number in self and math.isfinite(number):
            return float(number)
        raise problem(expected(f"{self}", value))

    def __get_pydantic_core_schema__(self, source, handler):
        return core_schema.no_info_plain_validator_function(self.whole if source is int else self.real)

    def __get_pydantic_json_schema__(self, schema, handler):
        is_whole = schema["function"]["function"] == self.whole
        return {
            "type": "integer" if is_whole else "number",
            "exclusiveMinimum" if self.low_excluded else "minimum": self.low,
            "exclusiveMaximum" if self.high_excluded else "maximum": self.high,
        }


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else f"{number:g}"


Fraction = Annotated[float, Range(0, 1)]
Seed = Annotated[int, Range(0, 2**31 - 1)]
Count = Annotated[int, Range(1, 10**9)]
Epoch = Annotated[int, Range(0, 100_000)]
