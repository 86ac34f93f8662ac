"""Seeds that chose a subset: through subsets of subsets, and where an experiment on it repeats them."""

from pathlib import Path

import pytest

from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.config.training.chosen_seeds import choosers, choosing_seeds, repeated_seeds

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
    assert choosing_seeds("part", DATASETS) == [0, 1, 4]


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


@pytest.mark.parametrize("name", ["config.yaml", "recipes/easy_hard_cifar10.yaml", "recipes/easy_hard_imagenet.yaml"])
def test_our_own_configurations_choose_by_seeds_that_are_not_trained_again(name):
    configuration = resolve(load([ROOT / name]))
    assert any(choosers(name, configuration.datasets) for name in configuration.datasets)
    assert list(repeated_seeds(configuration.datasets, configuration.experiments)) == []
