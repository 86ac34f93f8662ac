"""Everything that needs a GPU, as one command: results on CUDA against those of the CPU, then benchmarks.

`make gpu-check`, or `python -m benchmarks.gpu_check` from the folder of the repository, with any interpreter that has
torch. Nothing is downloaded: images are drawn, and networks are trained for a few seconds.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
