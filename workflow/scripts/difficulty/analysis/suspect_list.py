"""The list of suspects in parts, so that its sentences need not be in memory all at once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.suspect_facts import Labels
from difficulty.analysis.suspect_verdicts import DISPUTED, WRONG, Training, sentences, undecided, verdicts
from difficulty.analysis.suspects import SUSPECTS, Suspicion, suspect_table
from difficulty.csv_files import csv_writer
from difficulty.memory_budget import budgeted
from difficulty.table_parts import frame_writer
from difficulty.tables import Column

_AT_A_TIME = 1 << 16  # lines


@dataclass(frozen=True)
class SuspectList:
    """What is known of N examples, in any order.

    examples: columns example_id, key and file. probability: (N,), that the label is wrong, NaN where that is not known.
    duplicate, remarks: (N,), what else there is to say, None for most. percentiles: of their scores.
    distrust: why networks deserve no trust; None where they do.
    """

    examples: pd.DataFrame
    labels: Labels
    probability: np.ndarray
    training: Training
    duplicate: np.ndarray
    remarks: np.ndarray
    percentiles: pd.DataFrame
    distrust: str | None

    def write(self, places: np.ndarray, lines: Path, table: Path, provenance: Mapping) -> Counter:
        """Writes the list of the examples at these positions, the most suspect first, as CSV and as a table SUSPECTS.

        Returns how many labels are `doubted` (likely wrong or disputed), and for how many another one is `suggested`.
        """
        counts: Counter = Counter()
        columns = {
            name: Column(pa.float64(), f"percentile of {name}, 100 being the hardest", True)
            for name in self.percentiles
        }
        with (
            csv_writer(lines, "%.2f") as append_lines,
            frame_writer(table, SUSPECTS.extended(columns), provenance) as append_rows,
        ):
            for part in self.parts(places):
                append_lines(part)
                append_rows(part)
                counts["doubted"] += int(part["verdict"].isin([WRONG, DISPUTED]).sum())
                counts["suggested"] += int(part["suggested_label"].notna().sum())
        return counts

    def parts(self, places: np.ndarray) -> Iterator[pd.DataFrame]:
        """Rows of SUSPECTS with the percentiles, of the examples at these positions, the most suspect first."""
        size = budgeted(_AT_A_TIME)
        for start in range(0, max(len(places), 1), size):
            yield self._part(places[start : start + size], start + 1)

    def _part(self, chosen: np.ndarray, first: int) -> pd.DataFrame:
        labels, probability = self.labels, self.probability[chosen]
        facts = probability, labels.predictions.of(chosen), self.training.of(chosen), self.duplicate[chosen]
        words, evidence = verdicts(*facts), sentences(*facts, self.remarks[chosen])
        if self.distrust is not None:
            words, evidence = undecided(self.distrust, evidence)
        named = labels.given[chosen], labels.suggested[chosen], labels.share[chosen]
        suspicion = Suspicion(*named, probability, words, np.array(evidence, object))
        return suspect_table(self.examples.iloc[chosen], suspicion, self.percentiles.iloc[chosen], first)
