"""How many labels of an experiment are wrong, as a table of one row, and which classes are taken for which."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from difficulty.analysis.label_errors.tables import LABEL_CONFUSION, LABEL_ERRORS
from difficulty.analysis.label_errors.trust import Facts, verdict
from difficulty.analysis.reliability import spearman_brown
from difficulty.analysis.ties import midranks
from difficulty.scores.label_error.estimate import WrongLabels, recommended_cut
from difficulty.scores.label_error.judgement import Judgement
from difficulty.scores.label_error.outside import NETWORKS, held_out_accuracy
from difficulty.scores.label_error.thresholds import FEWEST_PER_LABEL

NO_PREDICTORS = (
    "no probability of being wrong: all networks have seen the images; set folds, or give features or held-out "
    "probabilities"
)
TOO_FEW = (
    f"no probability of being wrong: with fewer than {FEWEST_PER_LABEL} images for each label, on average, or fewer "
    "than there are labels, errors cannot be told from hard images; label more images"
)
NO_SIGN = (
    "no sign of wrong labels: doubt of what has not seen the images explains all labels as well; wrong labels of "
    "images that are hard anyway do not show"
)
SEVERAL_LABELS = "no probability of being wrong: it is not defined where images have several labels each"


def reliability(of_seeds: Sequence[np.ndarray]) -> float:
    """Reliability of the mean order over K seeds, from scores (N,) of each; NaN for a single one.

    The mean rank correlation of two seeds, stepped up to K of them (Spearman 1910, Brown 1910).
    """
    if len(of_seeds) < 2:
        return np.nan
    known = ~np.isnan(np.sum(of_seeds, axis=0))
    with np.errstate(invalid="ignore"):  # a constant score has no correlation
        correlations = np.corrcoef([midranks(values[known]) for values in of_seeds])
    pairs = correlations[np.triu_indices(len(of_seeds), 1)]
    return spearman_brown(float(pairs.mean()), len(of_seeds)) if pairs.mean() > 0 else 0.0


def facts_of(said: Judgement, labels: np.ndarray, are_probes: bool = False, corrected: bool = False) -> Facts:
    """What the verdict on trust rests on. labels: (N,), given. are_probes: whether networks are probes on features.

    corrected: whether labels were replaced by what other networks predict. How networks fit and agree does not count
    where they are left out.
    """
    counted = NETWORKS not in said.left_out
    return Facts(
        examples=len(labels),
        commonest=np.bincount(labels).max() / len(labels),
        fitted=np.mean(said.networks.fitted) if said.networks.fitted and counted else np.nan,
        held_out=held_out_accuracy(said.predictors, labels),
        reliability=reliability(list(said.of_seeds.values())) if counted else np.nan,
        are_probes=are_probes,
        corrected=corrected,
    )


def summary(facts: Facts, kinds: Sequence[str], found: WrongLabels | None) -> dict:
    """The row of LABEL_ERRORS. kinds: of evidence. found: the estimates, None where nothing permits any."""
    if found and np.nansum(found.wrong):
        facts = replace(facts, low=found.low, high=found.high)
    trustworthy, reason = verdict(facts)
    remark = _remark(found) if found else NO_PREDICTORS if np.isnan(facts.held_out) else TOO_FEW
    row = _row(facts.examples, kinds, trustworthy, f"{reason}; {remark}" if trustworthy and remark else reason)
    row |= {name: _known(getattr(facts, name)) for name in ("fitted", "held_out", "reliability")}
    if found:
        cut = recommended_cut(found.wrong)
        row |= {"estimated_wrong": np.nansum(found.wrong), "low": found.low, "high": found.high, "cut": cut.examples}
        row |= {"expected_precision": cut.precision, "expected_recall": cut.recall}
    return row


def _remark(found: WrongLabels) -> str | None:
    """What there is to say of the estimates."""
    estimated = int((~np.isnan(found.wrong)).sum())
    remarks = []
    if not np.nansum(found.wrong):
        remarks.append(f"{NO_SIGN}; up to {found.high:,.0f} are not ruled out" if found.high >= 1 else NO_SIGN)
    elif alone := len(found.wrong) - estimated:
        which = "1 image is the only one" if alone == 1 else f"{alone:,} images are each the only one"
        remarks.append(f"{which} with its label, so that its probability of being wrong is not known")
    if found.fitted < estimated:
        remarks.append(f"numbers are by models of a sample, {found.fitted:,} of the {estimated:,} images")
    return "; ".join(remarks) or None


def of_several_labels(examples: int, kinds: Sequence[str]) -> dict:
    """The row of LABEL_ERRORS where images have several labels."""
    return _row(examples, kinds, True, SEVERAL_LABELS)


def _row(examples: int, kinds: Sequence[str], trustworthy: bool, reason: str) -> dict:
    row = dict.fromkeys(LABEL_ERRORS.columns)
    return row | {"examples": examples, "trustworthy": trustworthy, "reason": reason, "evidence": ", ".join(kinds)}


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


NO_CONFUSION = pd.DataFrame(columns=list(LABEL_CONFUSION.columns))


def confusion(found: WrongLabels, wrong: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Rows of LABEL_CONFUSION: for each given label how many of its examples are expected to be of each other class.

    found: the estimates. wrong: (N,), the probability that the label is wrong, of which each other class has its share
    by the model; NaN where there is no estimate. labels: (N,), given. names: of the classes.
    """
    examples, totals = np.bincount(labels), np.zeros((labels.max() + 1, found.classes))
    for places, likely in found.likely():
        its_labels, expected = labels[places], likely.copy()
        expected[np.arange(len(places)), its_labels] = 0
        total = expected.sum(axis=1)
        expected *= np.divide(wrong[places], total, out=np.zeros(len(places)), where=total > 0)[:, None]
        for given in np.unique(its_labels):
            totals[given] += np.ascontiguousarray(expected[its_labels == given].T).sum(axis=1)
    others = ~np.eye(*totals.shape, dtype=bool)
    given, other = np.nonzero(others & np.isin(np.arange(len(totals)), labels[~np.isnan(wrong)])[:, None])
    named = np.array(names, dtype=object)
    columns = (given, other, named[given], named[other], examples[given], totals[given, other])
    return pd.DataFrame(dict(zip(LABEL_CONFUSION.columns, columns, strict=True)))
