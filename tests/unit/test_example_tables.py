"""Names of classes."""

import pandas as pd

from difficulty.datasets.example_tables import class_names


def test_classes_without_an_example_are_named_by_number():
    """A network may know more classes than there are examples of."""
    examples = pd.DataFrame({"label": [0, 2], "class_name": ["ant", "cat"]})
    assert class_names(examples) == ["ant", "1", "cat"]
    assert class_names(examples, 5) == ["ant", "1", "cat", "3", "4"]
