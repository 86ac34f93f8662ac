"""Counts what a source found: how much is used, and what was left out for which reason.

    intake = Intake("rows")
    intake.leave_out("has no label", ["a.jpg", "b.jpg"])    # as often as there is something to report
    intake.leave_out("beyond limit.train", (), count=100)   # without names
    intake.lines("photos", used=7)  # for the terminal: "photos: 109 rows found, 7 used, 102 left out" and one line each
    intake.facts(used=7)            # for the metadata of the table of examples

A source hands its intake to the preparation as `Source.intake`; whoever drops an example later, because it cannot be
decoded for instance, adds to the same one. What is used is the number of examples in the end; what was found is the
sum, so that nothing can be missing from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

SHOWN = 3


@dataclass(frozen=True)
class LeftOut:
    """How many were left out for one reason, and the names of the first three."""

    count: int
    names: tuple[str, ...]

    def text(self) -> str:
        """`2 (a.jpg, b.jpg)` or `7 (a.jpg, b.jpg, c.jpg, ...)`."""
        more = ", ..." if self.count > len(self.names) else ""
        return f"{self.count:,} ({', '.join(self.names)}{more})" if self.names else f"{self.count:,}"


@dataclass
class Intake:
    """Counts of one source.

    unit: what it counts, in the plural. left_out: reason, which completes "left out: ...", -> how many and which.
    """

    unit: str = "images"
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    def leave_out(self, reason: str, names: Sequence[str], count: int | None = None) -> None:
        """Adds what was left out for a reason. names: all of them, or the first; count: None where these are all."""
        before = self.left_out.get(reason, LeftOut(0, ()))
        count = len(names) if count is None else count
        if count:
            self.left_out[reason] = LeftOut(before.count + count, (*before.names, *map(str, names))[:SHOWN])

    def lines(self, name: str, used: int) -> list[str]:
        """Lines for the terminal about the data set `name`: the counts, then one line for each reason."""
        total = sum(each.count for each in self.left_out.values())
        rest = f", {used:,} used, {total:,} left out" if total else ", all used"
        reasons = [f"{name}: left out: {reason}: {each.text()}" for reason, each in self.left_out.items()]
        return [f"{name}: {used + total:,} {self.unit} found{rest}", *reasons]

    def facts(self, used: int) -> dict:
        """The same as JSON-able metadata: unit, found, used and, by reason, count and names of what was left out."""
        total = sum(each.count for each in self.left_out.values())
        left_out = {reason: {"count": each.count, "names": each.names} for reason, each in self.left_out.items()}
        return {"unit": self.unit, "found": used + total, "used": used, "left_out": left_out}
