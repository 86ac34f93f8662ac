"""Writes the conda files of this folder from the lock file, so that both install the same versions: `make lock`."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
PYTHON = "3.12"
TABLES = ["numpy", "pandas", "pillow", "pyarrow", "scikit-learn", "scipy"]
ENVIRONMENTS = {
    "tables": TABLES,
    "training": [*TABLES, "safetensors", "torch", "torchvision"],
    "figures": [*TABLES, "matplotlib"],
    "images": [*TABLES, "scikit-image"],
    "atlas": [*TABLES, "bokeh", "jinja2"],
    "image_figures": [*TABLES, "matplotlib", "scikit-image"],
}


def locked_versions(text: str) -> dict[str, str]:
    """name -> version of a lock file, as for the Python version of the conda environments."""
    versions = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; (.*))?$", text, re.MULTILINE):
        if "python_full_version < '3.12'" not in marker:
            versions[name] = version
    return versions


def environment(packages: list[str], versions: dict[str, str]) -> str:
    """The text of a conda file that installs the packages with pip."""
    lines = ["# Written by write_conda_envs.py from requirements.txt.", "channels:", "  - conda-forge", "dependencies:"]
    lines += [f"  - python={PYTHON}", "  - pip", "  - pip:"]
    return "\n".join(lines + [f"      - {name}=={versions[name]}" for name in sorted(packages)]) + "\n"


if __name__ == "__main__":
    locked = locked_versions((FOLDER / "requirements.txt").read_text())
    for kind, needed in ENVIRONMENTS.items():
        (FOLDER / f"{kind}.yaml").write_text(environment(needed, locked))
