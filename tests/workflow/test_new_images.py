"""From a folder of pictures to the list of labels to check, by the program and the target that `make suspects` uses."""

import subprocess

import numpy as np
import PIL.Image

from tests.support.script_server import interpreter
from tests.support.workflows import Workflow


def test_a_folder_without_a_configuration_becomes_a_list_of_suspects(tmp_path):
    """Whatever the folder is called, and although it has no test images."""
    workflow = Workflow(tmp_path / "a")
    workflow.work = tmp_path / "it's $HOME {x} photos"
    for number in range(24):
        name = ("ant", "bee")[number % 2]
        shade = np.random.default_rng(number).integers(0, 100, (16, 16), dtype=np.uint8) + 150 * (number % 2 == 0)
        (workflow.work / name).mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(shade.astype(np.uint8)).save(workflow.work / name / f"{number}.png")
    program = workflow.source / "workflow" / "scripts" / "new_config.py"
    looked = subprocess.run([interpreter(), program, workflow.work], capture_output=True, text=True, check=False)
    assert looked.returncode == 0, looked.stderr
    output = workflow.run("suspects", "--config", "defaults={epochs: 2, seeds: [0]}")
    first, second, *shown = output[output.index("The 10 most suspicious labels of plain:") :].splitlines()
    assert first and second.startswith("     1  train/") and "labelled" in second
    results = workflow.work / "results"
    assert shown[9].startswith("Open ") and "results/review.html in a browser" in shown[9]
    assert shown[10].startswith("The list ") and shown[10].endswith("results/experiments/plain/suspects.csv")
    assert shown[11].startswith("Images: ") and (results / "review.html").exists()
    assert not (results / "figures").exists()
    assert "The most suspicious labels of" not in output  # they are shown once
    assert "batch_size" in (workflow.work / "config.yaml").read_text()
