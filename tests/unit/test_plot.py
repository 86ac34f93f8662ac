"""plot.py: it draws any figure by its name, and what a figure's module has to offer."""

import importlib
import inspect
import json
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from difficulty.analysis.correlation import CORRELATION, STABILITY
from difficulty.source_digest import SourceDigests
from difficulty.tables import write_table

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
PACKAGE = SCRIPTS / "difficulty" / "figures"
MODULES = sorted(".".join(file.relative_to(PACKAGE).with_suffix("").parts) for file in PACKAGE.glob("*/*.py"))
FIGURES = [name for name in MODULES if "\ndef draw(" in (PACKAGE / f"{name.replace('.', '/')}.py").read_text()]


@pytest.fixture
def stability(tmp_path):
    """A table of the stability of no score."""
    path = tmp_path / "noisy" / "stability.parquet"
    write_table(pd.DataFrame(columns=list(STABILITY.columns)), path, STABILITY)
    return path


def plot(figures, *arguments):
    command = [sys.executable, SCRIPTS / "plot.py", "--figures", *figures, *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def outputs(folder):
    return ["--settings", json.dumps({"dpi": 40}), "--code", "c", "--upstream", "u", "--png", folder / "a.png"]


@pytest.mark.parametrize("formats", [["png"], ["png", "pdf"]])
def test_pdf_is_drawn_on_request_only(tmp_path, stability, formats):
    further = ["--pdf", tmp_path / "a.pdf"] if "pdf" in formats else []
    done = plot(["scores.stability"], "--stability", stability, *outputs(tmp_path), *further, "--log", tmp_path / "log")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.suffix for path in tmp_path.glob("a.*")} == {f".{format}" for format in formats}
    facts = json.loads(Image.open(tmp_path / "a.png").text["Description"])
    assert (facts["stage"], facts["figure"], facts["code"], facts["upstream"]) == ("plot", "scores.stability", "c", "u")


def test_several_figures_of_one_process_are_those_that_are_drawn_alone(tmp_path, stability):
    correlation = tmp_path / "noisy" / "correlation.parquet"
    write_table(pd.DataFrame(columns=list(CORRELATION.columns)), correlation, CORRELATION)
    inputs = {"scores.stability": ["--stability", stability], "scores.correlation": ["--correlation", correlation]}
    settings = ["--settings", json.dumps({"dpi": 40})]
    for figure, files in inputs.items():
        assert plot([figure], *files, *settings, "--png", tmp_path / f"{figure}.png").returncode == 0
    png = [tmp_path / "first.png", tmp_path / "second.png"]
    assert plot(inputs, *chain(*inputs.values()), *settings, "--png", *png).returncode == 0
    alone = [Image.open(tmp_path / f"{figure}.png") for figure in inputs]
    for figure, path, expected in zip(inputs, png, alone, strict=True):
        drawn = Image.open(path)
        assert drawn.tobytes() == expected.tobytes() and json.loads(drawn.text["Description"])["figure"] == figure


def test_wrong_command_lines_name_what_is_wrong(tmp_path):
    for figure in ("scores.stabilty", "score.stability", "style.text", "scores"):
        done = plot([figure], *outputs(tmp_path))
        assert done.returncode == 2 and f"difficulty/figures/ has no figure '{figure}'" in done.stderr
    done = plot(["scores.stability"], *outputs(tmp_path))
    assert done.returncode == 2 and "required: --stability" in done.stderr


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_offers_inputs_and_draw(name):
    module = importlib.import_module(f"difficulty.figures.{name}")
    assert list(inspect.signature(module.draw).parameters) == ["inputs", "settings"]
    assert module.INPUTS and set(module.INPUTS.values()) <= {None, "+", "*"}
    assert module.__doc__ and module.draw.__doc__


def test_no_figure_loads_torch_or_pyplot():
    names = ", ".join(f"difficulty.figures.{name}" for name in FIGURES)
    program = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import plot, {names}; "
    program += "sys.exit('torch' in sys.modules or 'matplotlib.pyplot' in sys.modules)"
    assert len(FIGURES) > 30 and subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_digest_is_of_the_chosen_figure_only(tmp_path):
    copy = tmp_path / "scripts"
    for file in [SCRIPTS / "plot.py", *(SCRIPTS / "difficulty").rglob("*.py")]:
        target = copy / file.relative_to(SCRIPTS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    before = {name: SourceDigests(copy)("plot", f"figures.{name}") for name in ("vog.errors", "vog.stages")}
    module = copy / "difficulty" / "figures" / "vog" / "errors.py"
    module.write_text(module.read_text() + "\nMORE = 1\n")
    after = {name: SourceDigests(copy)("plot", f"figures.{name}") for name in before}
    assert {name for name in before if before[name] != after[name]} == {"vog.errors"}
