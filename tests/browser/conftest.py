"""The page that the browser opens."""

import pytest

from tests.support.atlas_pages import make_page
from tests.support.browser import new_window
from tests.support.made_once import made_once, session_folder


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    """A page of three experiments on images whose classes have names that could do harm."""
    results = made_once(session_folder(tmp_path_factory) / "atlas" / "results", make_page)
    return results / "index.html"


@pytest.fixture
def opened(chromium, page_file):
    """The page in a new window without a network; the test fails if anything went wrong in it."""
    with new_window(chromium, page_file.as_uri()) as found:
        yield found
