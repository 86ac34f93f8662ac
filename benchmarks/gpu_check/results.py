"""The results as they come, in a folder: everything as JSON, and a page in Markdown with the table of benchmarks."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = ("what", "seconds", "rate", "ratio", "limit", "memory")
HEADERS = ("what", "seconds", "rate", "ratio to the limit, median (range)", "limit", "memory of the GPU")


@dataclass
class Outcome:
    """How a part ended: PASS, FAIL or SKIP, why, and the rows that it sent."""

    part: str
    status: str = "FAIL"
    why: str = "was interrupted"
    seconds: float = 0.0
    rows: list[dict] = field(default_factory=list)


class Results:
    """All parts so far, the latest of which may not have ended. `save` writes them: a kill loses nothing before it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.machine: dict[str, str] = {}
        self.outcomes: list[Outcome] = []

    def receive(self, row: dict) -> None:
        """Adds a row to the latest part; one of the table of benchmarks took long, and is saved at once."""
        self.outcomes[-1].rows.append(row)
        if row["kind"] == "speed":
            self.save()

    def save(self) -> None:
        """Writes results.json and report.md."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"machine": self.machine, "parts": [vars(each) for each in self.outcomes]}
        _write(self.folder / "results.json", json.dumps(content, indent=1) + "\n")
        _write(self.folder / "report.md", self.page())

    def counts(self) -> Counter:
        """How many parts ended how."""
        return Counter(each.status for each in self.outcomes)

    def page(self) -> str:
        """Markdown."""
        measured = "; ".join(f"{name}: {value}" for name, value in self.machine.items())
        lines = ["# GPU check", "", f"{measured}.", "", "## Benchmarks", "", *self.benchmarks(), "", "## Parts", ""]
        lines += table(
            ("part", "", "seconds", "why"),
            [(each.part, each.status, f"{each.seconds:.1f}", each.why) for each in self.outcomes],
        )
        lines += ["", "## Against the CPU", ""]
        differences = [
            (each.part, row["what"], f"{row['value']:.2g}", f"{row['tolerance']:g}", "yes" if row["passed"] else "NO")
            for each in self.outcomes
            for row in each.rows
            if row["kind"] == "difference"
        ]
        lines += table(("part", "what", "difference", "tolerance", "within"), differences)
        notes = [
            f"- {each.part}: {row['what']}" for each in self.outcomes for row in each.rows if row["kind"] == "note"
        ]
        return "\n".join([*lines, "", "## Notes", "", *notes]) + "\n"

    def benchmarks(self) -> list[str]:
        """Lines of the table of benchmarks, to be pasted into a page."""
        rows = [row for each in self.outcomes for row in each.rows if row["kind"] == "speed"]
        return table(HEADERS, [[str(row[name]) for name in COLUMNS] for row in rows])


def table(headers, rows) -> list[str]:
    """Lines of a table in Markdown."""
    cells = [headers, ["---"] * len(headers), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
