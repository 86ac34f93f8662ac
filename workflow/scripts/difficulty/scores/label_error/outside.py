"""Evidence of predictors that have not seen an example: held-out networks, a probe on features, given probabilities."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.label_error.class_arrays import most_held, parts
from difficulty.scores.label_error.evidence import combined, predicted_evidence, skill, weights_of
from difficulty.scores.label_error.noise_model import NoisyLabels, class_probabilities
from difficulty.scores.label_error.probabilities import (
    MeanProbabilities,
    Probabilities,
    StoredProbabilities,
    held,
    likeliest,
    stored_classes,
)
from difficulty.scores.label_error.thresholds import FEWEST_PER_LABEL
from difficulty.scores.label_error.votes import predicted_classes, vote_shares
from difficulty.scores.label_quality.held_out import HELD_OUT
from difficulty.scores.runs import run_of, seed_of
from difficulty.tables import Schema, TableError, read_arrow, read_schema, read_table

NETWORKS, FEATURES, GIVEN = "networks", "features", "given probabilities"  # kinds of evidence
_NEIGHBORS = "knn_label_disagreement"
_CALIBRATED_FROM = 100  # examples for each label, on average: with fewer the map fits their errors as well


def held_out_of_seeds(path: Path, example_id: np.ndarray) -> dict[str, Probabilities]:
    """Name of each seed -> probabilities (N, C) by its networks that held each example out.

    path: a table HELD_OUT. example_id: int64 (N,), sorted. Raises TableError if a seed lacks one of the examples.
    """
    keys = read_arrow(path, HELD_OUT, ["seed", "example_id"])
    seed, its_examples = keys["seed"].to_numpy(), keys["example_id"].to_numpy()
    order, seeds = np.lexsort((its_examples, seed)), np.unique(seed)
    if not np.array_equal(its_examples[order], np.tile(example_id, len(seeds))):
        raise TableError(path, "does not hold every training example once for each seed")
    found = (_stored(path, HELD_OUT, rows) for rows in order.reshape(len(seeds), -1))
    return {f"seed-{number}": own for number, own in zip(seeds, found, strict=True)}


def mean_held_out(path: Path, example_id: np.ndarray) -> Probabilities:
    """The mean of these over the seeds, (N, C)."""
    return mean_of(list(held_out_of_seeds(path, example_id).values()))


def mean_of(each: Sequence[Probabilities]) -> Probabilities:
    """The mean, float64 (N, C), of probabilities (N, C)."""
    if all(isinstance(one, np.ndarray) for one in each):
        return np.mean(each, axis=0, dtype=np.float64)
    return MeanProbabilities(each)


def _stored(path: Path, schema: Schema, rows: np.ndarray) -> Probabilities:
    """float32 (N, C), rows (N,) of the column `probabilities` of a table, which are read by parts if they are many."""
    ordered = np.sort(rows)
    stored = StoredProbabilities(path, schema, ordered, stored_classes(path, schema))
    if len(rows) <= most_held(stored.shape[1]):
        return held(stored)[np.searchsorted(ordered, rows)]
    if not np.array_equal(ordered, rows):
        raise TableError(path, "does not hold its examples in the order of their numbers")
    return stored


def votes_of_seeds(
    records: Sequence[Path], example_id: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[str, Probabilities]]:
    """Name of each seed, and the shares (N, C) of what its runs predict of the examples, one seed after the other."""
    classes, seeds = max(predicted_classes(records), int(labels.max()) + 1), {}
    for path in records:
        seeds.setdefault(seed_of(run_of(path)), []).append(path)
    for seed, own in seeds.items():
        yield seed, vote_shares(own, example_id, labels, classes)


def given_probabilities(path: Path, example_id: np.ndarray) -> Probabilities:
    """Probabilities (N, C) of the examples, from a table with the columns example_id and probabilities."""
    its_examples = read_arrow(path, read_schema(path), ["example_id"])["example_id"].to_numpy()
    if missing := np.count_nonzero(~np.isin(example_id, its_examples)):
        raise TableError(path, f"has no probabilities of {missing:,} training examples")
    order = np.argsort(its_examples)
    stored = _stored(path, read_schema(path), order[np.searchsorted(its_examples, example_id, sorter=order)])
    return stored.astype(np.float64) if isinstance(stored, np.ndarray) else stored


def held_out_evidence(probabilities: Probabilities, noisy: NoisyLabels) -> np.ndarray:
    """The evidence (N,) of probabilities (N, C) of examples that their source has not seen, once they are calibrated.

    The map that corrects how sure the source is, and which classes it confuses, is that of the noise model; it is left
    out where there are too few labels for it.
    """
    labels, evidence = noisy.labels, np.empty(len(noisy.labels))
    if len(labels) >= _CALIBRATED_FROM * len(np.unique(labels)):
        found = class_probabilities([probabilities], noisy.model([probabilities]))
        read = ((rows, part.T) for rows, part in found)
    else:
        read = ((rows, probabilities[rows]) for rows in parts(*probabilities.shape))
    for rows, part in read:
        evidence[rows] = predicted_evidence(part, labels[rows])
    return evidence


def networks_evidence(trained: np.ndarray, held_out: Probabilities | None, noisy: NoisyLabels) -> np.ndarray:
    """What networks say, (N,): those that were trained on an example and those that were not, by normal scores.

    trained: (N,), NaN where no network was trained on the example. held_out: probabilities (N, C), if there are any.
    """
    return combined([trained] if held_out is None else [trained, held_out_evidence(held_out, noisy)])


def feature_evidence(scores: Path, probe: Probabilities, example_id: np.ndarray, noisy: NoisyLabels) -> np.ndarray:
    """What features say, (N,): the probe's evidence and the neighbours' vote, by normal scores of their ranks.

    scores: the family's table. probe: out-of-fold probabilities (N, C).
    """
    votes = read_table(scores, EXAMPLE_SCORES).set_index("example_id")[_NEIGHBORS].loc[example_id]
    return combined([held_out_evidence(probe, noisy), votes.to_numpy(np.float64)])


def read_predictors(
    example_id: np.ndarray, held_out: Path | None, probe: Path | None, given: Path | None, own: str = NETWORKS
) -> dict[str, Probabilities]:
    """Kind of predictor that has not seen the examples -> its probabilities (N, C), of the tables that there are.

    own: the kind of what `held_out` is of, the experiment's own networks or probes on features.
    """
    readers = [
        (own, held_out, mean_held_out),
        (FEATURES, probe, given_probabilities),
        (GIVEN, given, given_probabilities),
    ]
    return {kind: read(path, example_id) for kind, path, read in readers if path}


def sound(
    predictors: Mapping[str, Probabilities], labels: np.ndarray
) -> tuple[dict[str, Probabilities], dict[str, str]]:
    """The predictors, each (N, C), that know something of the labels (N,), and of each of the others a line.

    Something is a third of the skill of the best of them.
    """
    skills = {kind: skill(likeliest(probabilities), labels) for kind, probabilities in predictors.items()}
    least = max(skills.values(), default=0) / 3
    kept = {kind: probabilities for kind, probabilities in predictors.items() if skills[kind] >= least}
    lines = {
        kind: f"{kind} are left out: they predict {(likeliest(each) == labels).mean():.0%} of the labels, "
        f"others {held_out_accuracy(kept, labels):.0%}; see whether classes and images are in the right order"
        for kind, each in predictors.items()
        if kind not in kept
    }
    return kept, lines


def taken_for_others(
    predictors: Mapping[str, Probabilities], labels: np.ndarray, names: Sequence[str]
) -> Iterator[str]:
    """A line for each label that most of its examples are predicted not to have, but one and the same other.

    predictors: probabilities (N, C). labels: (N,), given. names: of the classes. Such labels are swapped, or wholly
    wrong, which an estimate of wrong labels cannot tell from a predictor that confuses the classes.
    """
    for kind, probabilities in predictors.items():
        predicted = likeliest(probabilities)
        for label in np.unique(labels):
            counts = np.bincount(predicted[labels == label])
            other, share = counts.argmax(), counts.max() / counts.sum()
            if other != label and share > 1 / 2 and counts.sum() >= FEWEST_PER_LABEL:
                yield (
                    f"{kind} predict {names[other]} for {share:.0%} of the images labelled {names[label]}; see whether "
                    "these labels are swapped, or classes are in the wrong order"
                )


def kinds_of_evidence(
    trained: np.ndarray,
    predictors: Mapping[str, Probabilities],
    left_out: Collection[str],
    example_id: np.ndarray,
    noisy: NoisyLabels,
    features: Path | None,
) -> dict[str, np.ndarray]:
    """Kind of evidence -> what it says of each example (N,).

    trained: what networks say of the examples that they were trained on, NaN where none was. predictors, left_out: what
    `sound` keeps, and kinds of what it does not. features: the family's table, where there are features.
    """
    kinds = {}
    if NETWORKS not in left_out and (NETWORKS in predictors or not np.isnan(trained).all()):
        kinds[NETWORKS] = networks_evidence(trained, predictors.get(NETWORKS), noisy)
    if FEATURES in predictors:
        kinds[FEATURES] = feature_evidence(features, predictors[FEATURES], example_id, noisy)
    if GIVEN in predictors:
        kinds[GIVEN] = held_out_evidence(predictors[GIVEN], noisy)
    return kinds


def weighed(
    kinds: Mapping[str, np.ndarray],
    predictors: Mapping[str, Probabilities],
    labels: np.ndarray,
    of_trained: float | None = None,
) -> np.ndarray:
    """All kinds of evidence as one (N,), the mean of their normal scores, each weighed by what it knows of the labels.

    predictors: as `sound` leaves them. labels: (N,), given. of_trained: the skill of networks that have seen all
    examples, if it is known; at most that of the most skilful predictor counts.
    """
    skills = {kind: skill(likeliest(probabilities), labels) for kind, probabilities in predictors.items()}
    if of_trained is not None and skills and NETWORKS not in skills:
        skills[NETWORKS] = min(of_trained, max(skills.values()))
    return combined(list(kinds.values()), weights_of(list(kinds), skills))


def held_out_accuracy(predictors: Mapping[str, Probabilities], labels: np.ndarray) -> float:
    """The largest share of the given labels (N,) that one of the predictors, each (N, C), predicts; NaN without any."""
    return max((float((likeliest(each) == labels).mean()) for each in predictors.values()), default=np.nan)
