"""Agreement of the runs of a group of experiments per epoch, and the classes of what they agree on."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.agreement import AGREED_CLASSES, AGREEMENT, agreed_classes, agreement_table
from difficulty.analysis.agreement_groups import compared_runs, left_out, shared_labels
from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names, target_matrix
from difficulty.scores.record_arrays import RecordArrays, stored_records
from difficulty.scores.runs import ROLE_SUFFIXES, experiment_of, run_of
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.tables import read_table, write_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    tables = {path.resolve().parent.name: read_table(path, LABELS) for path in args.labels}
    shared, labels = shared_labels(tables), next(iter(tables.values())).set_index("example_id")
    names = dict(enumerate(names_of_classes(labels, args.examples)))
    records = read_records(args.records, shared.recorded)
    curves, histograms = ([pd.DataFrame(columns=list(each.columns))] for each in (AGREEMENT, AGREED_CLASSES))
    uncompared = []
    for role in ROLE_SUFFIXES:
        compared = compared_runs(records, shared, role)
        if compared is None:
            uncompared.append(role)
            continue
        correct, facts = compared.correct, {"role": role, "judged_by": shared.judged_by}
        label = shared.labels.loc[compared.example_id].to_numpy()
        curve = agreement_table(correct, label).assign(**facts, seeds=compared.seeds)
        members = target_matrix(labels.loc[compared.example_id]) == 1 if has_label_sets(labels) else label
        histogram = agreed_classes(correct, members).assign(**facts)
        histogram["class_name"] = [names.get(value, str(value)) for value in histogram["label"]]
        curves.append(curve)
        histograms.append(histogram)
        last = curve.iloc[-1]
        logger.info("%s: %d runs agree on %.3f after epoch %d", role, len(correct), last["agreement"], last["epoch"])
    for line in left_out(records, uncompared):
        warn(f"{args.output.stem}: {line}")
    members = sorted("/".join(member) for member in records)
    facts = provenance(args, members=members, judged_by=shared.judged_by)
    write_table(pd.concat(curves), args.output, AGREEMENT, facts)
    write_table(pd.concat(histograms), args.classes, AGREED_CLASSES, facts)


def names_of_classes(labels: pd.DataFrame, examples: Path) -> list[str]:
    """Name of each class, by its number."""
    if has_label_sets(labels):
        return set_class_names(labels)
    return class_names(read_table(examples, EXAMPLES, columns=["label", "class_name"]))


def read_records(paths: list[Path], recorded: str) -> dict[tuple[str, str], RecordArrays]:
    """(experiment, run) -> records. recorded: the column that says what a run got right."""
    columns = ["example_id", "epoch", "role", recorded]
    return {
        (experiment_of(path), run_of(path)): stored_records(read_table(path, RECORDS, columns=columns), path)
        for path in paths
    }


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="labels.parquet of every experiment")
    required_paths(parser, "examples", "output")
    required_paths(parser, "classes", help="output: classes of the agreed examples")
    run_stage(main, parser)
