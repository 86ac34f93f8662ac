"""Labels that an experiment has from another one, and those that its list of suspects suggests in their place."""

import numpy as np
import pandas as pd
import pytest

from difficulty.datasets.shared_labels import relabelled, shared_labels
from difficulty.errors import UserError


@pytest.fixture
def examples():
    """Of six examples 1 to 6 of the other experiment, the training examples 5, 2, 3 and two for testing: 4, 9."""
    label = [0, 1, 2, 1, 0]
    return pd.DataFrame(
        {
            "example_id": [5, 2, 3, 4, 9],
            "split": ["train"] * 3 + ["test"] * 2,
            "label": label,
            "class_name": np.array(["ant", "bee", "cat"])[label],
        }
    )


@pytest.fixture
def others():
    return pd.DataFrame(
        {"example_id": [1, 2, 3, 4, 5, 6, 9], "split": ["train"] * 6 + ["test"], "label": [0, 2, 2, 2, 1, 1, 0]}
    )


def test_training_examples_have_the_others_labels_and_test_examples_their_own(examples, others):
    assert shared_labels(examples, others).tolist() == [1, 2, 2, 1, 0]


def test_suggested_labels_replace_those_of_training_examples_alone(examples, others):
    new = pd.Series({5: "ant", 3: "bee", 4: "cat", 1: "cat"})
    labels = relabelled(shared_labels(examples, others), examples, new)
    assert labels.tolist() == [0, 2, 1, 1, 0] and labels.dtype == np.int64


def test_a_class_without_examples_cannot_be_given(examples, others):
    with pytest.raises(
        UserError, match=r"^label_noise\.relabel: 'dog' is suggested, of which there is no example; there"
    ):
        relabelled(shared_labels(examples, others), examples, pd.Series({5: "dog"}))
