"""Makes the library importable in tests as it is for the scripts that stand beside it."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before NumPy and torch are imported: tests run side by side, and threads that wait for each other's processors cost
# eight times as much as those of one process each. Jobs of the workflow have as many as their rules say.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS))

if "PYTEST_XDIST_WORKER" not in os.environ:  # once, by the process that starts the others
    from tests.support.compiled import compile_source

    compile_source()

# No test depends on how fast the machine is.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(scope="module")
def chromium():
    """The browser. Tests are skipped where there is none.

    For one file of tests: while it runs, the process has an event loop, so that other tests cannot start their own.
    """
    from tests.support import browser

    if not browser.CHROMIUM:
        pytest.skip("no Chromium: install Debian's package chromium, or name the program in CHROMIUM")
    with browser.started() as found:
        yield found


def pytest_addoption(parser):
    parser.addoption(
        "--suites", type=Path, help="folder in which finished suites are kept, and found, between sessions"
    )
