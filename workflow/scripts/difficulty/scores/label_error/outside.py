"""Evidence of predictors that have not seen an example: held-out networks, a probe on features, given probabilities."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.label_error.evidence import combined, predicted_evidence, skill, weights_of
from difficulty.scores.label_error.votes import predicted_classes, vote_shares
from difficulty.scores.label_quality.held_out import HELD_OUT, probability_matrix
from difficulty.scores.runs import run_of, seed_of
from difficulty.tables import TableError, read_arrow, read_schema, read_table

NETWORKS, FEATURES, GIVEN = "networks", "features", "given probabilities"  # kinds of evidence
_NEIGHBORS = "knn_label_disagreement"


def held_out_of_seeds(path: Path, example_id: np.ndarray) -> dict[str, np.ndarray]:
    """Name of each seed -> probabilities (N, C) by its networks that held each example out.

    path: a table HELD_OUT. example_id: int64 (N,), sorted. Raises TableError if a seed lacks one of the examples.
    """
    table = read_arrow(path, HELD_OUT)
    seeds = np.unique(table["seed"].to_numpy())
    order = np.lexsort((table["example_id"].to_numpy(), table["seed"].to_numpy()))
    if not np.array_equal(table["example_id"].to_numpy()[order], np.tile(example_id, len(seeds))):
        raise TableError(path, "does not hold every training example once for each seed")
    probabilities = probability_matrix(table)[order].reshape(len(seeds), len(example_id), -1)
    return {f"seed-{seed}": own for seed, own in zip(seeds, probabilities, strict=True)}


def mean_held_out(path: Path, example_id: np.ndarray) -> np.ndarray:
    """The mean of these over the seeds, (N, C)."""
    return np.mean(list(held_out_of_seeds(path, example_id).values()), axis=0, dtype=np.float64)


def classes_by_seed(
    records: Sequence[Path], held_out: Path | None, example_id: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    """Name of each seed -> probabilities (N, C) by its networks that held each example out, or else shares of votes."""
    if held_out:
        return held_out_of_seeds(held_out, example_id)
    classes, seeds = max(predicted_classes(records), int(labels.max()) + 1), {}
    for path in records:
        seeds.setdefault(seed_of(run_of(path)), []).append(path)
    return {seed: vote_shares(own, example_id, labels, classes) for seed, own in seeds.items()}


def given_probabilities(path: Path, example_id: np.ndarray) -> np.ndarray:
    """Probabilities (N, C) of the examples, from a table with the columns example_id and probabilities."""
    table = read_arrow(path, read_schema(path))
    order = np.argsort(table["example_id"].to_numpy())
    places = np.searchsorted(table["example_id"].to_numpy(), example_id, sorter=order)
    return probability_matrix(table)[order[places]].astype(np.float64)


def feature_evidence(scores: Path, probe: np.ndarray, example_id: np.ndarray) -> np.ndarray:
    """What features say, (N,): the probe's evidence and the neighbours' vote, by normal scores of their ranks.

    scores: the family's table. probe: the evidence of a probe that has not seen the examples, or the mean of several.
    """
    votes = read_table(scores, EXAMPLE_SCORES).set_index("example_id")[_NEIGHBORS].loc[example_id]
    return combined([probe, votes.to_numpy(np.float64)])


def read_predictors(
    example_id: np.ndarray, held_out: Path | None, probe: Path | None, given: Path | None, own: str = NETWORKS
) -> dict[str, np.ndarray]:
    """Kind of predictor that has not seen the examples -> its probabilities (N, C), of the tables that there are.

    own: the kind of what `held_out` is of, the experiment's own networks or probes on features.
    """
    readers = [
        (own, held_out, mean_held_out),
        (FEATURES, probe, given_probabilities),
        (GIVEN, given, given_probabilities),
    ]
    return {kind: read(path, example_id) for kind, path, read in readers if path}


def sound(predictors: Mapping[str, np.ndarray], labels: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The predictors, each (N, C), that know something of the labels (N,), and of each of the others a line.

    Something is a third of the skill of the best of them.
    """
    skills = {kind: skill(probabilities, labels) for kind, probabilities in predictors.items()}
    least = max(skills.values(), default=0) / 3
    kept = {kind: probabilities for kind, probabilities in predictors.items() if skills[kind] >= least}
    lines = {
        kind: f"{kind} are left out: they predict {(each.argmax(axis=1) == labels).mean():.0%} of the labels, "
        f"others {held_out_accuracy(kept, labels):.0%}; see whether classes and images are in the right order"
        for kind, each in predictors.items()
        if kind not in kept
    }
    return kept, lines


def kinds_of_evidence(
    own: np.ndarray,
    own_kind: str,
    predictors: Mapping[str, np.ndarray],
    left_out: Collection[str],
    example_id: np.ndarray,
    labels: np.ndarray,
    features: Path | None,
) -> dict[str, np.ndarray]:
    """Kind of evidence -> what it says of each example (N,).

    own: what the experiment's own networks say, or its probes on features, which then count in place of the family's
    probe; own_kind: NETWORKS or FEATURES. predictors, left_out: what `sound` keeps, and kinds of what it does not.
    features: the family's table, where there are features.
    """
    kinds = {NETWORKS: own} if own_kind == NETWORKS and NETWORKS not in left_out else {}
    if FEATURES in predictors:
        probe = own if own_kind == FEATURES else predicted_evidence(predictors[FEATURES], labels)
        kinds[FEATURES] = feature_evidence(features, probe, example_id)
    if GIVEN in predictors:
        kinds[GIVEN] = predicted_evidence(predictors[GIVEN], labels)
    return kinds


def weighed(
    kinds: Mapping[str, np.ndarray],
    predictors: Mapping[str, np.ndarray],
    labels: np.ndarray,
    of_trained: float | None = None,
) -> np.ndarray:
    """All kinds of evidence as one (N,), the mean of their normal scores, each weighed by what it knows of the labels.

    predictors: as `sound` leaves them. labels: (N,), given. of_trained: the skill of networks that have seen all
    examples, if it is known; at most that of the most skilful predictor counts.
    """
    skills = {kind: skill(probabilities, labels) for kind, probabilities in predictors.items()}
    if of_trained is not None and skills and NETWORKS not in skills:
        skills[NETWORKS] = min(of_trained, max(skills.values()))
    return combined(list(kinds.values()), weights_of(list(kinds), skills))


def held_out_accuracy(predictors: Mapping[str, np.ndarray], labels: np.ndarray) -> float:
    """The largest share of the given labels (N,) that one of the predictors, each (N, C), predicts; NaN without any."""
    return max((float((each.argmax(axis=1) == labels).mean()) for each in predictors.values()), default=np.nan)
