"""What is made of the variance of gradients of each experiment, and what that depends on."""

VOG_TABLES = ["errors", "correlation", "label-noise"]
VOG_FIGURES = ["vog_errors", "vog_correlation", "vog_stages"]


def stage_list(experiment):
    """The stages in the order of the configuration, which a mapping in settings would lose."""
    return list(vog_stages[experiment].items())


def vog_analysis_settings(experiment):
    bootstrap = analyses["correlation"]["bootstrap"]
    return settings_json({"stages": list(vog_stages[experiment]), "bootstrap": bootstrap})


@lru_cache
def vog_analysis_key(experiment):
    return hash_chain(scores_key(experiment), vog_analysis_settings(experiment), source_digest("compute_vog_analysis"))


def vog_figure_settings(experiment, epochs=True):
    """Settings of a figure that shows every stage, with or without the epochs."""
    stages = stage_list(experiment) if epochs else list(vog_stages[experiment])
    return settings_json({"dpi": configuration.figures["dpi"], "stages": stages})


def vog_gallery_settings(experiment):
    """Those of a gallery, by one stage's VoG: the configured one where an experiment has it, else the last."""
    stages, wanted = list(vog_stages[experiment]), configuration.figures["vog"].get("stage")
    shown = {"score": f"vog_{wanted if wanted in stages else stages[-1]}", "examples_per_class": 25, "classes": 10}
    return settings_json({"dpi": configuration.figures["dpi"], **shown})


# A gallery is one of training images.
with_vog_gallery = [name for name in vog_stages if "train" in vog["splits"]]
family_tables += [
    f"results/experiments/{experiment}/vog-{table}.parquet" for experiment in vog_stages for table in VOG_TABLES
]
family_figures += [
    f"results/figures/experiments/{experiment}/{figure}.{format}"
    for experiment in vog_stages
    for figure in VOG_FIGURES + ["vog_gallery"] * (experiment in with_vog_gallery)
    for format in ("png", "pdf")
]
