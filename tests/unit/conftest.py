"""What several test modules share: small networks, and experiments that all scripts have scored."""

import pytest

from tests.support.influence_networks import batched, varied_data, varied_network
from tests.support.made_once import made_once, session_folder
from tests.support.scored_experiments import score_experiments
from tests.support.small_runs import make_run, options_of


@pytest.fixture(scope="module")
def network():
    return varied_network()


@pytest.fixture(scope="module")
def data():
    return varied_data()


@pytest.fixture(scope="module")
def batches(data):
    return batched(*data, 5)


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """The folder of the scored experiments; never to be changed."""
    return made_once(session_folder(tmp_path_factory) / "scored", score_experiments)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """What a stage is given that opens a finished run on digits; never to be changed."""
    return options_of(made_once(session_folder(tmp_path_factory) / "finished-run", make_run))
