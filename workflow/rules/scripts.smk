"""Where the scripts are: next to the rule files or, if Snakemake has those from a Git repository, in a copy of theirs.

Of a repository that `module:` names, as github(...) does, Snakemake reads the files that rules name, one by one, but
knows nothing of scripts that a shell command starts, nor of the modules that these import.
"""

import os
import sys
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path


def checked_out(source):
    """A folder with the scripts of the commit that Snakemake reads the rule files of.

    source: Snakemake's object for a file in a repository, on a host or on this machine.
    """
    from git import Repo

    repository = source.hosted_repo.repo if hasattr(source, "hosted_repo") else Repo(source.repo_path)
    commit = repository.commit(source.ref).hexsha
    folder = Path(".snakemake", "difficulty", "source", commit).absolute()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as new, tempfile.TemporaryFile() as archive:
            repository.archive(archive, commit, path=["config.yaml", "workflow/scripts"])
            archive.seek(0)
            with tarfile.open(fileobj=archive) as files:
                files.extractall(Path(new, "files"), filter="data")
            with suppress(OSError):  # another process was faster
                os.rename(Path(new, "files"), folder)
    return folder / "workflow" / "scripts"


def scripts_folder(source):
    """source: Snakemake's object for the folder of the scripts, wherever it may be."""
    if hasattr(source, "ref"):
        return checked_out(source)
    return Path(source.get_path_or_uri(secret_free=True)).resolve()


SCRIPTS = scripts_folder(workflow.current_basedir.join("../scripts"))
if not SCRIPTS.is_dir():
    sys.exit(f"{SCRIPTS}: no such folder; clone the repository and name its workflow/Snakefile, or name it by github()")
