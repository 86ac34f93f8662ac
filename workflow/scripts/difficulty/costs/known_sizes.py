"""Sizes of the data sets of a plan: of prepared ones by their tables, of others by what is known of their source."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from difficulty.costs.sizes import CIFAR10, CIFAR100, DIGITS, Sizes, of_subset, unknown, with_settings
from difficulty.costs.truth import made_with
from difficulty.errors import UserError
from difficulty.plan import paths

SIZES = Path(".snakemake", "difficulty", "sizes.json")


class KnownSizes:
    """Sizes by data set, remembered in a file, so that tables are read once."""

    def __init__(self, plan, file: Path = SIZES):
        self.plan, self.file = plan, file
        self._prepared: dict[str, Sizes] = {}
        self._unprepared: dict[str, Sizes] = {}
        self._counted: set[str] = set()
        self._kept = {"prepared": {}, "surveyed": {}}
        with suppress(OSError, ValueError):
            self._kept |= json.loads(file.read_text())

    def of(self, dataset: str) -> Sizes:
        """Sizes of a data set."""
        if dataset in self._prepared:
            return self._prepared[dataset]
        if found := self._as_prepared(dataset):
            self._prepared[dataset] = found
            self._unprepared.clear()
            return found
        if dataset not in self._unprepared:
            self._unprepared[dataset] = self._as_configured(dataset)
        return self._unprepared[dataset]

    @property
    def version(self) -> int:
        """Another number as soon as a data set was prepared since."""
        for dataset in [*self._unprepared]:
            self.of(dataset)
        return len(self._prepared)

    def unsurveyed(self) -> dict[str, dict]:
        """Data set -> settings, of the sources in use whose files are to be counted.

        What was counted before is counted again until it is prepared: there may be more files by now.
        """
        roots = dict.fromkeys(self.plan.data.root(name) for name in self.plan.data.needed)
        settings = {name: self.plan.datasets[name] for name in roots if not self._as_prepared(name)}
        return {name: each for name, each in settings.items() if name not in self._counted and not _built_in(each)}

    def surveyed(self, dataset: str, sizes: Sizes) -> None:
        """Remembers what a survey has found of a source."""
        self._counted.add(dataset)
        self._kept["surveyed"][self._settings_key(dataset)] = asdict(sizes)
        self._unprepared.clear()
        self._save()

    def _as_prepared(self, dataset: str) -> Sizes | None:
        table = Path(paths.EXAMPLES.format(dataset=dataset))
        try:
            found = table.stat()
        except OSError:
            return None
        if self._is_outdated(dataset):
            return None
        stamp, kept = [found.st_mtime_ns, found.st_size], self._kept["prepared"].get(dataset)
        with suppress(TypeError, KeyError):
            if kept["stamp"] == stamp:
                return Sizes(**kept["sizes"])
        sizes = _read(dataset, self.plan, self._as_configured(dataset))
        if sizes:
            self._kept["prepared"][dataset] = {"stamp": stamp, "sizes": asdict(sizes)}
            self._save()
        return sizes

    def _is_outdated(self, dataset: str) -> bool:
        """Whether a data set was prepared with other settings, or of other examples, than it is to be made of now."""
        data = self.plan.data
        rule = "import_examples" if dataset in data.recorded else "prepare_dataset"
        rule = "link_subset" if dataset in data.subsets else rule
        made, stage = made_with(paths.log(f"datasets/{dataset}/{rule}")), getattr(data, rule)(dataset)
        return made is not None and (made["settings"], made["upstream"]) != (stage.settings, stage.upstream)

    def _as_configured(self, dataset: str) -> Sizes:
        settings = self.plan.datasets[dataset]
        source = settings["source"]
        if source == "subset":
            like = settings["select"].get("like")
            return of_subset(self.of(settings["of"]), settings, self.of(like) if like else None)
        with suppress(KeyError, TypeError):
            return Sizes(**self._kept["surveyed"][self._settings_key(dataset)])
        known = _built_in(settings) or unknown(dataset, "its files are not counted yet (make plan does)")
        return with_settings(known, settings)

    def _settings_key(self, dataset: str) -> str:
        return json.dumps(self.plan.datasets[dataset], sort_keys=True)

    def _save(self) -> None:
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.file.with_name(f".{self.file.name}")
            temporary.write_text(json.dumps(self._kept))
            temporary.replace(self.file)


def _built_in(settings: Mapping) -> Sizes | None:
    """Sizes of a source that has the same images everywhere; None of one of files."""
    if settings["source"] == "shapes":
        return Sizes(settings["train"], settings["test"], 6, 32, 32, 1, 700)
    return {"digits": DIGITS, "cifar10": CIFAR10, "cifar100": CIFAR100}.get(settings["source"])


def _read(dataset: str, plan, configured: Sizes) -> Sizes | None:
    """Sizes of a prepared data set by its tables; None if they cannot be read."""
    from difficulty.costs.prepared_sizes import prepared_sizes  # imports pandas

    with suppress(UserError, OSError, KeyError, ValueError):
        return prepared_sizes(dataset, dataset in plan.data.recorded, configured)
    return None
