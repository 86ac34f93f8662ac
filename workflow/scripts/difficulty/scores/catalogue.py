"""What a catalogue of scores says of each; catalogues are standard library only: the configuration reads them, too."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A score, a statistic or a flag.

    direction: +1 if more is harder, -1 if less is, None if that is not known or the column is a flag.
    nullable: whether an example may have none.
    """

    description: str
    direction: int | None = None
    nullable: bool = False
