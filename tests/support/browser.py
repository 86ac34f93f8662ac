"""A real browser without a network, and a page in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
_OPTIONS = (
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
)


@contextmanager
def started() -> Iterator:
    """The browser; there must be one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS)
        yield browser
        browser.close()


@contextmanager
def new_window(browser, address: str) -> Iterator["Opened"]:
    """A window without a network for the page at an address; fails if anything went wrong in it."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, offline=True, accept_downloads=True)
    found = Opened(context.new_page(), address)
    yield found
    context.close()
    assert found.faults == [] and found.strangers == []


class Opened:
    """A page in the browser, and what went wrong in it."""

    def __init__(self, page, address):
        self.page, self.address, self.faults, self.requests = page, address, [], []
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))

    def go(self, anew=False, **state):
        """Shows a state of the page. anew: loads the page for it, as it is done at first."""
        place = "&".join(f"{name}={value}" for name, value in state.items())
        before = None if anew else self.page.evaluate("() => document.body?.dataset.ready ?? null")
        if before is None:
            self.page.goto("about:blank")
            self.page.goto(f"{self.address}#{place}")
            self.settle(state.get("view", "overview"))
        else:
            self.page.evaluate("(place) => { location.hash = place; }", place)
            self.page.wait_for_function("(before) => document.body.dataset.ready !== before", arg=before)
        return self.page

    def settle(self, view):
        self.page.wait_for_selector(f"body[data-ready^='{view} ']")

    @property
    def strangers(self):
        """Requests for something else than the page, its own data, and files beside it."""
        own = self.address.rpartition("/")[0]
        return [each for each in self.requests if not each.startswith((own, "data:", "blob:", "about:"))]
