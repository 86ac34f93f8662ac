"""Makes the library importable in tests as it is for the scripts that stand beside it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
