"""Runs the workflow's scripts as rules do."""

import json
import subprocess

from tests.support.script_server import interpreter
from tests.support.workflows import ROOT

SCRIPTS = ROOT / "workflow" / "scripts"


def run_script(name, **options):
    """Runs a script as a rule does; a list gives several values."""
    return run_program([], name, options)


def run_program(program, name, options):
    """The same by a program that gets the script and its options after its own arguments."""
    command = [interpreter(), *map(str, program), str(SCRIPTS / f"{name}.py"), "--code", "c0de", "--upstream", "11"]
    for option, value in options.items():
        values = value if isinstance(value, list) else [value]
        command += [f"--{option}", *map(str, [json.dumps(v) if isinstance(v, dict) else v for v in values])]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def succeed(name, warns="", **options):
    done = run_script(name, **options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == (f"{name}: {warns}\n" if warns else "") or "log" not in options
