"""Seeds that chose a subset: through subsets of subsets, and where an experiment on it repeats them."""

from pathlib import Path

import pytest

from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.config.training.chosen_seeds import choosers, choosing_seeds, repeated_seeds, with_pooled_seeds

ROOT = Path(__file__).parents[2]
DATASETS = {
    "digits": {"source": "digits"},
    "easy": {"source": "subset", "of": "digits", "select": {"by": "score", "experiment": "clean", "seeds": [0, 1]}},
    "few": {"source": "subset", "of": "easy", "select": {"by": "learned", "experiment": "short", "seeds": [4]}},
    "part": {"source": "subset", "of": "few", "select": {"by": "random", "fraction": 0.5}},
}


def test_what_chose_a_subset_chose_the_subsets_of_it():
    assert choosers("digits", DATASETS) == {}
    assert choosers("easy", DATASETS) == {"clean": [0, 1]}
    assert choosers("part", DATASETS) == {"short": [4], "clean": [0, 1]}
    assert choosing_seeds("part", DATASETS, {}) == [0, 1, 4]
    assert choosing_seeds("part", DATASETS, {"short": {"architecture": "linear_probe"}}) == [0, 1]


def test_a_line_says_which_seeds_are_repeated():
    experiments = {
        "clean": {"dataset": "digits", "seeds": [0, 1]},
        "same": {"dataset": "easy", "seeds": [1, 0, 7]},
        "other": {"dataset": "easy", "seeds": [2, 3]},
        "nested": {"dataset": "part", "seeds": [4]},
    }
    same, nested = repeated_seeds(DATASETS, experiments)
    assert same.startswith("experiments.same.seeds: seeds 0, 1 of 'clean' chose its data set 'easy'")
    assert nested.startswith("experiments.nested.seeds: seed 4 of 'short' chose its data set 'part'")


def test_all_seeds_of_an_experiment_give_verdicts_and_none_gives_the_truth():
    experiments = {"clean": {"dataset": "digits", "seeds": [0, 1]}, "other": {"dataset": "sure", "seeds": [1, 2]}}
    select = {"by": "verdict", "experiment": "clean", "drop": ["ambiguous"]}
    datasets = {
        "digits": {"source": "digits"},
        "sure": {"source": "subset", "of": "digits", "select": select},
        "right": {"source": "subset", "of": "digits", "select": {"by": "truth", "experiment": "clean"}},
    }
    found = with_pooled_seeds(datasets, experiments)
    assert found == {**datasets, "sure": {**datasets["sure"], "select": {**select, "seeds": [0, 1]}}}
    assert choosers("sure", found) == {"clean": [0, 1]} and choosers("right", found) == {}
    (line,) = repeated_seeds(found, experiments)
    assert line.startswith("experiments.other.seeds: seed 1 of 'clean' chose its data set 'sure'")


def test_seeds_that_corrected_the_labels_are_repeated_too():
    noise = {"kind": "experiment", "experiment": "clean"}
    experiments = {
        "clean": {"dataset": "digits", "seeds": [0, 1]},
        "same": {"dataset": "digits", "seeds": [0, 1], "label_noise": noise},
        "corrected": {"dataset": "digits", "seeds": [1, 2], "label_noise": {**noise, "relabel": True}},
    }
    (line,) = repeated_seeds(DATASETS, experiments)
    assert line.startswith("experiments.corrected.seeds: seed 1 of 'clean' corrected its labels: networks of one seed")


@pytest.mark.parametrize(
    "name",
    [
        "config.yaml",
        "recipes/easy_hard_cifar10.yaml",
        "recipes/easy_hard_imagenet.yaml",
        "recipes/cleaning_cifar10.yaml",
        "recipes/pruning_cifar10.yaml",
    ],
)
def test_our_own_configurations_choose_by_seeds_that_are_not_trained_again(name):
    configuration = resolve(load([ROOT / name]))
    assert any(choosers(name, configuration.datasets) for name in configuration.datasets)
    assert list(repeated_seeds(configuration.datasets, configuration.experiments)) == []
