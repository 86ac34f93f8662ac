"""Where the tables and figures lie that a page is made from."""

from pathlib import Path

from difficulty.plan import paths


class Results:
    """A folder of results, whatever it is called: `results`, or a folder of another workflow that uses this one."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def path(self, pattern: str, **names: str) -> Path:
        """A path of `plan.paths`, with its names filled in."""
        return self.folder / Path(pattern.format(**names)).relative_to(Path(paths.ATLAS).parent)

    def figure(self, place: str) -> Path:
        return self.path(paths.figure(place))
