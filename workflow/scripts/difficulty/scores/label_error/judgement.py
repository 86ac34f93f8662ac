"""All that is said of the given labels of an experiment, from the tables of its evidence."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from difficulty.scores.label_error.confusions import with_confusions
from difficulty.scores.label_error.estimate import WrongLabels, estimate_wrong_labels, in_order_of
from difficulty.scores.label_error.evidence import normal_scores
from difficulty.scores.label_error.networks import Networks, pool_networks, read_views, skill_of_trained
from difficulty.scores.label_error.noise_model import NoisyLabels
from difficulty.scores.label_error.outside import (
    FEATURES,
    NETWORKS,
    held_out_of_seeds,
    kinds_of_evidence,
    networks_evidence,
    read_predictors,
    sound,
    votes_of_seeds,
    weighed,
)
from difficulty.scores.label_error.probabilities import Probabilities, RunningMean


@dataclass(frozen=True)
class Judgement:
    """What is said of N labels.

    label_error: (N,). of_seeds: name of a seed -> the score (N,) by its networks. kinds: of evidence. predictors: kind
    of those that have not seen the examples -> probabilities (N, C). left_out: kind of those that know nothing of the
    labels -> a line on it. noisy: the labels, with the noise models that were fitted to them.
    """

    networks: Networks
    label_error: np.ndarray
    of_seeds: Mapping[str, np.ndarray]
    kinds: list[str]
    predictors: Mapping[str, Probabilities]
    left_out: Mapping[str, str]
    noisy: NoisyLabels

    def estimate(self) -> WrongLabels | None:
        """How many labels are wrong, by what has not seen them; None where nothing permits an estimate."""
        return estimate_wrong_labels(list(self.predictors.values()), self.noisy)

    def wrong(self, found: WrongLabels | None) -> np.ndarray:
        """The probability (N,) that each label is wrong, by an estimate; NaN where there is none."""
        return in_order_of(self.label_error, found.wrong) if found else np.full(len(self.label_error), np.nan)


def judge(files: Namespace, example_id: np.ndarray, labels: np.ndarray, several: bool, are_probes: bool) -> Judgement:
    """Reads the evidence and judges the labels by it.

    files: records, views, held_out, features, probe and given; all but the records may be None. example_id, labels:
    int64 (N,), in order of the former. several: whether images have several labels, of which nothing but the networks'
    evidence is defined. are_probes: whether what stands for networks are linear probes on features.
    """
    noisy = NoisyLabels(labels)
    networks = pool_networks(files.records, example_id, read_views(files.views))
    own = FEATURES if are_probes else NETWORKS
    predictors = {} if several else read_predictors(example_id, files.held_out, files.probe, files.given, own)
    predictors, left_out = sound(predictors, labels)
    kinds = kinds_of_evidence(networks.pooled.mean(), predictors, left_out, example_id, noisy, files.features)
    label_error = weighed(kinds, predictors, labels, skill_of_trained(networks, labels))
    if several:
        by_seed = {seed: normal_scores(trained.mean()) for seed, trained in networks.of_seed.items()}
    else:
        held_out = held_out_of_seeds(files.held_out, example_id) if files.held_out else {}
        of_classes = held_out.items() if held_out else votes_of_seeds(files.records, example_id, labels)
        by_seed, votes = {}, RunningMean()
        for seed, own in of_classes:
            its_labels = NoisyLabels(labels)  # whose models nothing needs afterwards
            said = networks_evidence(networks.of_seed[seed].mean(), held_out.get(seed), its_labels)
            by_seed[seed] = with_confusions(said, [own], its_labels)
            if not held_out:
                votes.add(own)
            del its_labels, own  # before those of the next seed are there
        means = list(predictors.values()) or [votes.mean()]
        label_error = with_confusions(label_error, means, noisy)
    return Judgement(networks, label_error, by_seed, list(kinds), predictors, left_out, noisy)
