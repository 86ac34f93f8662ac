"""Finished suites for tests: of the whole session, never to be changed, or a copy of one's own."""

import pytest

from tests.support.made_once import session_folder
from tests.support.plans import Planner
from tests.support.suites import EVERYTHING, GIVEN, LABELS, PARTS, Suites
from tests.support.workflows import Workflow


@pytest.fixture(scope="session")
def suites(tmp_path_factory, pytestconfig) -> Suites:
    """Makes each suite once, whichever of the session's processes asks for it first."""
    folder = pytestconfig.getoption("--suites", None) or session_folder(tmp_path_factory) / "suites"
    return Suites(folder.absolute())


@pytest.fixture(scope="session")
def everything_source(suites) -> Workflow:
    return suites("everything")


@pytest.fixture(scope="session")
def labels_source(suites) -> Workflow:
    return suites("labels")


@pytest.fixture(scope="session")
def given_source(suites) -> Workflow:
    return suites("given")


@pytest.fixture(scope="session")
def parts_source(suites) -> Workflow:
    return suites("parts")


@pytest.fixture
def everything(everything_source, tmp_path) -> Workflow:
    """A copy, to be changed."""
    return everything_source.copied(tmp_path / "everything")


@pytest.fixture
def labels(labels_source, tmp_path) -> Workflow:
    """A copy, to be changed."""
    return labels_source.copied(tmp_path / "labels")


@pytest.fixture
def given(given_source, tmp_path) -> Workflow:
    """A copy, to be changed."""
    return given_source.copied(tmp_path / "given")


@pytest.fixture
def parts(parts_source, tmp_path) -> Workflow:
    """A copy, to be changed."""
    return parts_source.copied(tmp_path / "parts")


@pytest.fixture(scope="session")
def plan_everything(everything_source, tmp_path_factory) -> Planner:
    return Planner(everything_source, EVERYTHING, tmp_path_factory.mktemp("plans") / "everything")


@pytest.fixture(scope="session")
def plan_labels(labels_source, tmp_path_factory) -> Planner:
    return Planner(labels_source, LABELS, tmp_path_factory.mktemp("plans") / "labels")


@pytest.fixture(scope="session")
def plan_given(given_source, tmp_path_factory) -> Planner:
    return Planner(given_source, GIVEN, tmp_path_factory.mktemp("plans") / "given")


@pytest.fixture(scope="session")
def plan_parts(parts_source, tmp_path_factory) -> Planner:
    return Planner(parts_source, PARTS, tmp_path_factory.mktemp("plans") / "parts")
