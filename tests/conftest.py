"""Makes the library importable in tests as it is for the scripts that stand beside it."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

# No test depends on how fast the machine is.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_addoption(parser):
    parser.addoption(
        "--suites", type=Path, help="folder in which finished suites are kept, and found, between sessions"
    )
