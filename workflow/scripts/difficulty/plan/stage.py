"""What a job's result depends on: the three parameters by which Snakemake decides whether it runs again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import wraps

from difficulty.hash_chain import hash_chain


@dataclass(frozen=True)
class Stage:
    """The parameters of a job, and the key that everything downstream of it depends on.

    settings: the part of the configuration that the result depends on, as JSON with sorted keys.
    code: digest of the source that runs.
    upstream: digest of all that the inputs depend on; empty for what is made of the user's files alone.
    """

    settings: str
    code: str
    upstream: str = ""

    @property
    def key(self) -> str:
        """The link of the hash chain that stands for the result."""
        return hash_chain(self.settings, self.code, self.upstream)


def only(settings: Mapping, keys: Iterable[str]) -> dict:
    """Those of some settings that are there."""
    return {key: settings[key] for key in keys if key in settings}


def as_json(settings: Mapping) -> str:
    """Settings as a stage takes them and Snakemake compares them: the order of keys is of no account."""
    return json.dumps(settings, sort_keys=True)


def remembered(method):
    """Has a method compute each result once for an object: many jobs ask for the same links of the chain."""

    @wraps(method)
    def from_memory(self, *args):
        results = self.__dict__.setdefault(f"_{method.__name__}", {})
        if args not in results:
            results[args] = method(self, *args)
        return results[args]

    return from_memory
