"""The batch size that fits the number of training examples."""

import pytest
import yaml

from difficulty.config.reading import load
from difficulty.training.batch_size import chosen_batch_size


@pytest.mark.parametrize(
    ("trained", "expected"),
    [(120, 15), (96, 12), (1000, 125), (1024, 128), (50_000, 128), (9, 2), (1, 2)],
)
def test_an_eighth_of_the_training_examples(trained, expected):
    assert chosen_batch_size({"optimizer": {}}, trained) == expected


def test_a_number_is_taken_as_it_is():
    assert chosen_batch_size({"optimizer": {}, "batch_size": 128}, 120) == 128


def test_every_group_and_gpu_gets_two_examples():
    assert chosen_batch_size({"optimizer": {"groups": 3}, "gpus": 2}, 40) == 12


def test_the_batch_size_of_our_file_goes_with_its_data_sets(tmp_path):
    ours, own = tmp_path / "ours.yaml", tmp_path / "own.yaml"
    ours.write_text(
        yaml.safe_dump({"datasets": {"a": {}}, "defaults": {"dataset": "a", "batch_size": 128, "epochs": 3}})
    )
    own.write_text(yaml.safe_dump({"datasets": {"b": {}}, "defaults": {"dataset": "b"}}))
    assert load([ours, own])["defaults"] == {"dataset": "b", "epochs": 3}
    own.write_text(yaml.safe_dump({"defaults": {"epochs": 5}}))
    assert load([ours, own])["defaults"] == {"dataset": "a", "batch_size": 128, "epochs": 5}
