"""Joins all families of scores of an experiment into one table with one row per example."""

import logging
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from difficulty.analysis.run_values import of_examples
from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.errors import UserError
from difficulty.scores.collect import (
    EXAMPLE_SCORES,
    ROWS_READ_TOGETHER,
    RUN_SCORES,
    SCORES,
    aggregated_columns,
    collect_scores,
)
from difficulty.stage import arguments, provenance, run_stage
from difficulty.table_parts import frame_writer, row_count
from difficulty.tables import Column, Schema, read_schema, read_table

logger = logging.getLogger("difficulty")


@dataclass(frozen=True)
class Family:
    """A table of scores, of runs or of examples by its `kind`, and its columns besides those of the kind."""

    path: Path
    kind: Schema
    columns: dict[str, Column]

    @classmethod
    def at(cls, path: Path) -> "Family":
        schema = read_schema(path)
        kind = EXAMPLE_SCORES if schema.name == EXAMPLE_SCORES.name else RUN_SCORES
        return cls(path, kind, {name: column for name, column in schema.columns.items() if name not in kind.columns})

    def collected(self) -> dict[str, Column]:
        """The columns that become of it in the table of all scores."""
        if self.kind is EXAMPLE_SCORES:
            return self.columns
        return aggregated_columns(self.columns, read_table(self.path, RUN_SCORES, ["role"])["role"].unique())


def main(args):
    families = sorted(map(Family.at, args.families), key=lambda family: family.kind is EXAMPLE_SCORES)
    labels = read_table(args.labels, LABELS)
    names = dict(enumerate(class_names(read_table(args.examples, EXAMPLES, columns=["label", "class_name"]))))
    columns = {name: replace(column, nullable=True) for each in families for name, column in each.collected().items()}
    rows = Counter()
    with frame_writer(args.output, SCORES.extended(columns), provenance(args)) as append:
        for start in range(0, len(labels), ROWS_READ_TOGETHER):
            part = labels.iloc[start : start + ROWS_READ_TOGETHER]
            chosen = None if len(part) == len(labels) else part["example_id"].to_numpy()
            tables = {RUN_SCORES.name: [], EXAMPLE_SCORES.name: []}
            for family in families:
                table = read_table(family.path, family.kind, filters=of_examples(chosen))
                tables[family.kind.name].append((table, family.columns))
                rows[family.path] += len(table)
            scores, _ = collect_scores(part, names, *tables.values())
            append(scores.reindex(columns=[*SCORES.columns, *columns]))
    for path, count in rows.items():
        if count != row_count(path):
            raise UserError(f"{path}: has scores of examples without labels; delete it and run again")
    logger.info("%d examples, %d columns of scores", len(labels), len(columns))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="one table of scores per family")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
