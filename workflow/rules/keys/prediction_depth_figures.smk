"""Figures of prediction depth: which experiments have which."""

DEPTH_FIGURES = [
    "depth_histogram",
    "depth_levels",
    "probe_accuracy",
    "depth_learning",
    "depth_classes",
]


def depth_gallery_settings():
    shown = {"score": "prediction_depth", "examples_per_class": 25, "classes": 10}
    return settings_json({"dpi": configuration.figures["dpi"], **shown})


# Training images are shown; the plane needs depths of the same images held out.
with_depth_images = [name for name in probed_epochs if "train" in depth["splits"]]
with_depth_plane = [name for name in with_depth_images if "folds" in experiments[name]]
depth_figures = {
    name: DEPTH_FIGURES
    + ["depth_votes", "depth_gallery"] * (name in with_depth_images)
    + ["depth_plane"] * (name in with_depth_plane)
    for name in probed_epochs
}
family_figures += [
    f"results/figures/experiments/{experiment}/{figure}.{format}"
    for experiment, figures in depth_figures.items()
    for figure in figures
    for format in ("png", "pdf")
]
