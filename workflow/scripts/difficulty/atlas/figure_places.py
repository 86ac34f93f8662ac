"""Places of figures below results/figures/, which say what is drawn, of what, and which caption explains it."""

import re
from pathlib import Path

CAPTIONS = Path(__file__).with_name("captions")
_NAME = r"[A-Za-z0-9_-]+"
# Places whose last part is not the name of the caption.
_CAPTIONS = {
    "comparisons/{comparison}/{measure}": "comparison",
    "agreement/{group}": "agreement",
    "agreement/{group}/order": "order_stability",
    "agreement/{group}/statistics": "agreed_statistics",
    "detection/{detection}": "detection",
    "generalization/{study}/accuracy": "generalization",
    "removal/{removal}": "removal",
    "experiments/{experiment}/influential/{queries}/{variant}": "influential",
    "experiments/{experiment}/out_of_distribution/{dataset}": "out_of_distribution",
    "vog-toy/boundary": "vog_toy_boundary",
    "vog-toy/correlation": "vog_toy_correlation",
    "vog-toy/distance-{split}": "vog_toy_distance",
}
_OTHERS = ("datasets/{dataset}/{figure}", "experiments/{experiment}/{figure}", "generalization/{study}/{figure}")


def caption(place: str) -> str:
    """The caption of figures at a place, which may still have wildcards: `experiments/{experiment}/gallery`."""
    return _CAPTIONS.get(place, place.rpartition("/")[2])


def described(place: str) -> tuple[str, dict[str, str]]:
    """(the caption of the figure at a place, the wildcards that the place fills in)."""
    for pattern in (*_CAPTIONS, *_OTHERS):
        if match := re.fullmatch(re.sub(r"\{(\w+)\}", rf"(?P<\1>{_NAME})", pattern), place):
            wildcards = match.groupdict()
            return _CAPTIONS.get(pattern) or wildcards.pop("figure"), wildcards
    return caption(place), {}
