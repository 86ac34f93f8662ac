"""Results for other tools: which formats there are, and what an export depends on."""

from difficulty.errors import UserError
from difficulty.plan import paths
from difficulty.plan.stage import Stage, remembered
from difficulty.suggestions import suggestion

# Format -> whether it is about image files, which records of other training runs do not have.
FORMATS = {"cleanlab": False, "coco": True, "fiftyone": True, "huggingface": False, "label-studio": True}


class Export:
    def __init__(self, plan):
        self.plan = plan

    @remembered
    def export_results(self, experiment: str, format: str) -> Stage:
        settings = {"format": format, "score": self.plan.analyses["suspects"]["score"]}
        upstream = self.plan.scores.rank_suspects(experiment).key
        return self.plan.stage("export_results", settings, upstream, modules=[module_name(format)])

    def image_files(self, experiment: str, format: str) -> list[str]:
        """The table of an experiment's image files, if it has any.

        Raises UserError for an unknown experiment or format, and where the format needs images that are not there.
        """
        path = f"results/export/{experiment}/{format}"
        if experiment not in self.plan.experiments:
            raise UserError(f"{path}: no experiment {experiment!r}; {suggestion(experiment, self.plan.experiments)}")
        if format not in FORMATS:
            raise UserError(f"{path}: expected one of {', '.join(FORMATS)} as format, got {format!r}")
        if self._has_images(experiment):
            return [self.plan.data.path(paths.FILES, experiment)]
        if FORMATS[format]:
            usable = ", ".join(name for name, needs_images in FORMATS.items() if not needs_images)
            raise UserError(f"{path}: {experiment!r} has records of other runs and no images; expected {usable}")
        return []

    def folders(self, format: str) -> list[str]:
        """What a format makes of all experiments that it can export."""
        names = [name for name in self.plan.experiments if self._has_images(name) or not FORMATS[format]]
        return [paths.EXPORT.format(experiment=name, format=format) for name in names]

    def _has_images(self, experiment: str) -> bool:
        return self.plan.data.of(experiment) not in self.plan.data.recorded


def module_name(format: str) -> str:
    """The module below the package that writes a format."""
    return f"export.{format.replace('-', '_')}"
