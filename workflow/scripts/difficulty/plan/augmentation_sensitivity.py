"""Augmentation sensitivity of the examples of every run."""

from difficulty.plan.stage import Stage, only, remembered


class AugmentationSensitivity:
    """experiments: those that are scored."""

    def __init__(self, plan):
        self.plan, self.settings = plan, plan.analyses.get("augmentation_sensitivity", {})
        self.experiments = plan.configuration.used.get("augmentation_sensitivity", [])

    @remembered
    def score_augmentation_sensitivity(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment whose augmentation sensitivity is not asked for."""
        if experiment not in self.experiments:
            return None
        own = only(self.plan.experiments[experiment], ("augmentation", "device", "precision", "folds"))
        settings = own | only(self.settings, ("augmentation", "draws"))
        runs, modules = self.plan.training.runs_key(experiment, chosen), [self.plan.training.model_module(experiment)]
        return self.plan.stage("score_augmentation_sensitivity", settings, runs, modules=modules)
