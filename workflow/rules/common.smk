"""The configuration, resolved once, and what every rule file needs of it.

A job's parameters are three: `settings`, the keys of the configuration that its result depends on; `code`, a digest
of the source it runs; `upstream`, a hash chain over settings and code of all that it depends on. Snakemake runs a job
again when one of them differs from what its results were made with, and only then.
"""

import atexit
import gc
import json
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from shlex import quote as shlex_quote
from types import SimpleNamespace

SCRIPTS = Path(workflow.basedir, "workflow", "scripts")
sys.path.insert(0, str(SCRIPTS))

from difficulty.config.training.inheritance import merged
from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.config.training.snapshots import files_in_order
from difficulty.errors import UserError
from difficulty.hash_chain import hash_chain
from difficulty.source_digest import SourceDigests

gc.freeze()  # what is imported stays; looking through it for garbage again and again took a sixth of a dry run


def configuration_files():
    """Files given with --configfile stand alone; otherwise ours, then one in the working directory."""
    if given := workflow.config_settings.configfiles:
        return list(given)
    own, local = Path(workflow.basedir, "config.yaml"), Path("config.yaml")
    return [own, local] if local.exists() and not local.samefile(own) else [own]


try:
    configuration_paths = configuration_files()
    configuration = resolve(
        merged(load(configuration_paths), dict(workflow.config_settings.config)),
        source=os.path.relpath(configuration_paths[-1]),
    )
except UserError as error:
    print(error, file=sys.stderr)
    sys.exit(1)

# Absolute: at exit Snakemake has left the folder given with --directory.
source_digest = SourceDigests(SCRIPTS, Path(".snakemake", "difficulty", "source-digests.json").absolute())
atexit.register(source_digest.save)
datasets, experiments = configuration.datasets, configuration.experiments

# `python` in a rule is the interpreter that runs Snakemake, unless conda provides one.
with_conda = "conda" in map(str, workflow.deployment_settings.deployment_method)
interpreter = "" if with_conda else f"export PATH={shlex_quote(str(Path(sys.executable).parent))}:$PATH; "
# Without word splitting and globbing, $SCRIPTS stays one word whatever the folder of the clone is called.
shell.prefix(f"set -euo pipefail; set -f; IFS=; {interpreter}SCRIPTS={shlex_quote(str(SCRIPTS))}; ")


NAME, RUN = r"[A-Za-z0-9][A-Za-z0-9_-]*", r"seed-\d+(-fold-\d+)?"
CONSTRAINTS = {"dataset": NAME, "experiment": NAME, "group": NAME, "detection": NAME, "run": RUN}


wildcard_constraints:
    **CONSTRAINTS,


include: "internals.smk"
include: "driver.smk"
include: "cluster.smk"
include: "literal_paths.smk"
include: "ancient_inputs.smk"


def runs(experiment, seeds=None):
    """Names of an experiment's runs, of all seeds or of those given: seed-0, or seed-0-fold-3."""
    return configuration.runs(experiment, seeds)


def any_of(names):
    """A regular expression for a wildcard that stands for one of some names; for nothing if there are none."""
    return "|".join(names) or "(?!)"


def settings_json(settings, keys=None):
    """Settings as a stage takes them and Snakemake compares them; only `keys`, where they are given."""
    return json.dumps({k: v for k, v in settings.items() if keys is None or k in keys}, sort_keys=True)
