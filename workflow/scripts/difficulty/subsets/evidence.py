"""What a subset's examples are chosen by: the user's list, what runs found or learned, truth, or another subset."""

import argparse
import importlib
from collections.abc import Mapping, Sequence

import pandas as pd

from difficulty.cell_marks import without_mark
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES, aggregate_runs, ranking_column
from difficulty.scores.record_file import RecordFile
from difficulty.scores.runs import ROLES_OF_TRAINING_SPLIT
from difficulty.stage import warn
from difficulty.subsets.decisions import DECISION, in_words, read_decisions, relabelled, staying
from difficulty.tables import Column, read_foreign, read_schema, read_table


def considered(args: argparse.Namespace, parent: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series | None]:
    """The examples to choose from and the evidence that `choose` takes; arguments as for `evidence_of`.

    The examples are those of `parent`, with new labels where a list decides on that.
    """
    select, dataset = args.settings["select"], args.parent_examples.parent.name
    if select["by"] == "list":
        decisions = read_decisions(args.evidence[0], select["column"], parent, dataset)
        if decisions is not None:
            if decisions.empty:
                warn(f"{args.evidence[0]}: decides on no example; fill in its column {DECISION!r}")
            else:
                warn(f"{args.evidence[0]}: {in_words(decisions)}; all others of {dataset} stay as they are")
            return relabelled(parent, decisions), staying(parent, decisions)
    return parent, evidence_of(args, parent)


def evidence_of(args: argparse.Namespace, parent: pd.DataFrame) -> pd.Series | None:
    """What `choose` takes as evidence; None where examples are a share by chance, or some classes.

    args: settings; evidence, the tables; runs that count. parent: EXAMPLES of the data set to choose from.
    """
    readers = {
        "list": _listed,
        "score": _hardness,
        "learned": _learned_by,
        "verdict": _verdict,
        "truth": _is_corrupt,
        "random": _drawn_for,
    }
    by = args.settings["select"]["by"]
    return readers[by](args, parent) if by in readers and args.evidence else None


def _listed(args: argparse.Namespace, parent: pd.DataFrame) -> pd.Series:
    """True for the examples that the user's table names; UserError for names that are not in the data set."""
    column = args.settings["select"]["column"]
    known = set(parent[column].astype(str))
    given = read_foreign(args.evidence[0], [column], text=[column])[column].to_pandas().astype(str)
    wanted = given.where(given.isin(known), given.map(without_mark))
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise UserError(
            f"{args.evidence[0]}: {len(unknown):,} of {len(wanted):,} values of {column!r} are no examples' of "
            f"{args.parent_examples.parent.name}, e.g. {unknown[0]!r}; remove them or name another column"
        )
    ids = parent.loc[parent[column].astype(str).isin(set(wanted)), "example_id"]
    return pd.Series(True, index=ids, name="listed")


def _hardness(args: argparse.Namespace, parent: pd.DataFrame) -> pd.Series:
    """How hard an example is, by the mean of a score over the runs that count."""
    path, select = args.evidence[0], args.settings["select"]
    schema = read_schema(path)
    if schema.name == EXAMPLE_SCORES.name:  # of the image alone
        scores = read_table(path, EXAMPLE_SCORES).set_index("example_id")[select["score"]]
        if scores.isna().all():
            raise UserError(
                f"datasets.{args.examples.parent.name}.select.score: {select['score']!r} is not computed of so many "
                "pixels; set analyses.images.fast_above: null, or choose another score"
            )
        return (scores * schema.columns[select["score"]].direction).dropna().rename("hardness")
    columns = {name: column for name, column in schema.columns.items() if name not in RUN_SCORES.columns}
    rows = read_table(path, RUN_SCORES, filters=[("run", "in", args.runs)])
    return mean_hardness(rows, columns, select["score"])


def _learned_by(args: argparse.Namespace, parent: pd.DataFrame) -> pd.Series:
    """Whether the runs that count predicted an example's given label, in one epoch."""
    select, correct = args.settings["select"], []
    for path in args.evidence:
        file = RecordFile(path)
        epoch = select.get("epoch", file.epochs)
        if epoch > file.epochs:  # of records made elsewhere, of which the configuration does not know
            last = f"{file.epochs} (the recorded epochs of {select['experiment']!r})"
            raise UserError(f"select.epoch: expected 1..{last}, got {epoch}")
        trained = file.of_epoch(epoch, ["role", "correct"]).of_role("train")
        correct.append(pd.Series(trained["correct"][0], index=trained.example_id))
    return learned(correct, select["runs"])


def _verdict(args: argparse.Namespace, parent: pd.DataFrame) -> pd.Series:
    """What the list of suspects says of each training example.

    The module is imported by name, so that what lists of suspects rest on counts for these subsets only.
    """
    return importlib.import_module("difficulty.subsets.verdicts").read_verdicts(*args.evidence)["verdict"]


def _is_corrupt(args: argparse.Namespace, parent: pd.DataFrame) -> pd.Series:
    """Whether the label of each training example is known to be wrong."""
    labels = read_table(args.evidence[0], LABELS, columns=["example_id", "split", "is_corrupt"])
    return labels[labels["split"] == "train"].set_index("example_id")["is_corrupt"]


def _drawn_for(args: argparse.Namespace, parent: pd.DataFrame) -> pd.Series:
    """The classes of the training examples of the data set that says how many are drawn."""
    others = read_table(args.evidence[0], EXAMPLES, columns=["example_id", "split", "label"])
    return others[others["split"] == "train"].set_index("example_id")["label"]


def mean_hardness(run_scores: pd.DataFrame, columns: Mapping[str, Column], score: str) -> pd.Series:
    """How hard each training example is by the mean of a score over runs; higher is harder.

    run_scores: columns of RUN_SCORES and of the family, rows of the runs that count. columns: the family's.
    Where the family has the score of held-out examples only, that is taken. Examples without a value are left out.
    Raises UserError if the family has no such score, or the score has no direction.
    """
    frame, described = aggregate_runs(run_scores, {name: column for name, column in columns.items() if name == score})
    for role in ROLES_OF_TRAINING_SPLIT:
        if (column := ranking_column(described, score, role)) and described[column].direction is not None:
            return (frame[column] * described[column].direction).dropna().rename("hardness")
    raise UserError(f"select.score: {score!r} does not rank training examples; choose another score")


def learned(correct: Sequence[pd.Series], runs: str) -> pd.Series:
    """Whether each example counts as learned.

    correct: of each run whether it predicts the given label, bool, index example_id, of the examples it was trained on.
    runs: `all`, `any` or `majority` (more than half) of the runs that were trained on the example must be right.
    """
    share = pd.concat(correct, axis=1).astype(float).mean(axis=1)
    result = share == 1 if runs == "all" else share > {"any": 0.0, "majority": 0.5}[runs]
    return result.rename("learned")
