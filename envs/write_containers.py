"""Writes the recipes of a container image with all packages of the lock file: `make lock`.

`Dockerfile` for Docker, Podman and clouds, `apptainer.def` for clusters. The image holds no workflow: jobs bring it.
"""

import hashlib
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from write_conda_envs import PYTHON  # noqa: E402 (beside this script, wherever it is started)

BASE = f"python:{PYTHON}-slim"
# rsync: Snakemake's storage plugin for folders copies with it.
COMMANDS = [
    "apt-get update",
    "apt-get install -y --no-install-recommends rsync",
    "rm -rf /var/lib/apt/lists/*",
    "pip install --no-cache-dir -r /opt/requirements.txt",
]
DOCKERFILE = """\
# Written by write_containers.py from requirements.txt. Build it with: docker build -t difficulty envs
FROM {base}
LABEL requirements="{digest}"
COPY requirements.txt /opt/requirements.txt
RUN {docker_commands}
WORKDIR /workdir
"""
APPTAINER = """\
# Written by write_containers.py from requirements.txt.
# Build it with: cd envs && apptainer build ../difficulty.sif apptainer.def
Bootstrap: docker
From: {base}

%labels
    requirements {digest}

%files
    requirements.txt /opt/requirements.txt

%post
    set -e
{apptainer_commands}
"""


def recipes(lock: str) -> dict[str, str]:
    """File name -> text. lock: the text of the lock file; its SHA-256 is a label of the image."""
    facts = {
        "base": BASE,
        "digest": hashlib.sha256(lock.encode()).hexdigest(),
        "docker_commands": " \\\n    && ".join(COMMANDS),
        "apptainer_commands": "\n".join(f"    {command}" for command in COMMANDS),
    }
    return {"Dockerfile": DOCKERFILE.format(**facts), "apptainer.def": APPTAINER.format(**facts)}


if __name__ == "__main__":
    for name, text in recipes((FOLDER / "requirements.txt").read_text()).items():
        (FOLDER / name).write_text(text)
