"""A real browser without a network, and a page for it."""

import os
import shutil

import pytest

from tests.support.atlas_pages import make_page
from tests.support.made_once import made_once, session_folder

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
_OPTIONS = (
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
)


@pytest.fixture(scope="session")
def chromium():
    """The browser. Tests are skipped where there is none."""
    if not CHROMIUM:
        pytest.skip("no Chromium: install Debian's package chromium, or name the program in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    """A page of three experiments on images whose classes have names that could do harm."""
    results = made_once(session_folder(tmp_path_factory) / "atlas" / "results", make_page)
    return results / "index.html"


class Opened:
    """A page in the browser, and what went wrong in it."""

    def __init__(self, page, address):
        self.page, self.address, self.faults, self.requests = page, address, [], []
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))

    def go(self, **state):
        """Opens the page anew in a state."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}#{'&'.join(f'{name}={value}' for name, value in state.items())}")
        self.settle(state.get("view", "overview"))
        return self.page

    def settle(self, view):
        self.page.wait_for_selector(f"body[data-ready^='{view} ']")

    @property
    def strangers(self):
        """Requests for something else than the page, its own data, and files beside it."""
        own = self.address.rpartition("/")[0]
        return [each for each in self.requests if not each.startswith((own, "data:", "blob:", "about:"))]


@pytest.fixture
def opened(chromium, page_file):
    """The page in a new window without a network; the test fails if anything went wrong in it."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800}, offline=True, accept_downloads=True)
    found = Opened(context.new_page(), page_file.as_uri())
    yield found
    context.close()
    assert found.faults == [] and found.strangers == []
