"""Agreement of the runs of a group of experiments per epoch, and the classes of what they agree on."""

import logging
from itertools import chain
from pathlib import Path

import pandas as pd

from difficulty.analysis.agreement import AGREED_CLASSES, AGREEMENT, agreed_classes, agreement_table
from difficulty.analysis.agreement_groups import compared_runs, epochs_of_group, left_out, shared_labels
from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names, target_matrix
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    tables = {path.resolve().parent.name: read_table(path, LABELS) for path in args.labels}
    shared, labels = shared_labels(tables), next(iter(tables.values())).set_index("example_id")
    names = dict(enumerate(names_of_classes(labels, args.examples)))
    curves, histograms = ({role: [] for role in ROLE_SUFFIXES} for _ in range(2))
    for epoch, records in epochs_of_group(args.records, shared.recorded):
        for role in ROLE_SUFFIXES:
            compared = compared_runs(records, shared, role)
            if compared is None:
                continue
            correct, facts = compared.correct, {"epoch": epoch, "role": role, "judged_by": shared.judged_by}
            label = shared.labels.loc[compared.example_id].to_numpy()
            curves[role].append(agreement_table(correct, label).assign(**facts, seeds=compared.seeds))
            members = target_matrix(labels.loc[compared.example_id]) == 1 if has_label_sets(labels) else label
            histogram = agreed_classes(correct, members).assign(**facts)
            histogram["class_name"] = [names.get(value, str(value)) for value in histogram["label"]]
            histograms[role].append(histogram)
    for role in (role for role, found in curves.items() if found):
        last = curves[role][-1].iloc[-1]
        logger.info("%s: %d runs agree on %.3f after epoch %d", role, *last[["runs", "agreement", "epoch"]])
    for line in left_out(records, [role for role, found in curves.items() if not found]):
        warn(f"{args.output.stem}: {line}")
    members = sorted("/".join(member) for member in records)
    facts = provenance(args, members=members, judged_by=shared.judged_by)
    for found, path, schema in ((curves, args.output, AGREEMENT), (histograms, args.classes, AGREED_CLASSES)):
        empty = pd.DataFrame(columns=list(schema.columns))
        write_table(pd.concat([empty, *chain.from_iterable(found.values())]), path, schema, facts)


def names_of_classes(labels: pd.DataFrame, examples: Path) -> list[str]:
    """Name of each class, by its number."""
    if has_label_sets(labels):
        return set_class_names(labels)
    return class_names(read_table(examples, EXAMPLES, columns=["label", "class_name"]))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="labels.parquet of every experiment")
    required_paths(parser, "examples", "output")
    required_paths(parser, "classes", help="output: classes of the agreed examples")
    run_stage(main, parser)
