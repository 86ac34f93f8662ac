"""What the tests of influence scores share."""

import pytest

from tests.support.influence_networks import batched, varied_data, varied_network


@pytest.fixture(scope="module")
def network():
    return varied_network()


@pytest.fixture(scope="module")
def data():
    return varied_data()


@pytest.fixture(scope="module")
def batches(data):
    return batched(*data, 5)
