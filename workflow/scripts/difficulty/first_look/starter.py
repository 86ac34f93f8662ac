"""A commented configuration for images that were looked at."""

import json
import re
from collections.abc import Mapping

from difficulty.first_look.fitting import FOLDS, SEEDS, Fitted
from difficulty.first_look.survey import Survey

_TEXT = """\
# Written by `make new` for the images in {folder}.
# Every key: {readme}. What is not mentioned is as in {suite}.
#
#   make suspects DIR={quoted}    trains and lists the labels to check

datasets:
  {name}:
{dataset}
    # Features of a network that was trained on other images (a download) find more wrong labels, above all among few
    # images: {features}
    # features: {{weights: torchvision:resnet50}}

defaults:
  dataset: {name}
  architecture: resnet9 # a small network; others: docs/networks.md
  width: 16 # channels of the first stage; more are slower and usually better
  optimizer: {{name: sgd, lr: {lr}, momentum: 0.9, weight_decay: 5.0e-4}}
  schedule: {{name: one_cycle, warmup: 0.25}}
  batch_size: {batch_size} # at most an eighth of the {train:,} training images, so that an epoch has enough steps
  epochs: {epochs} # {steps:,} gradient steps in all; with many more, networks learn the wrong labels by heart
  augmentation: {augmentation} # {why}
{folds}
  seeds: {seeds} # {networks} each, about {minutes} of one CPU core; more make the list more reliable

experiments:
  plain: {{}}
  # Plants 10 % wrong labels, to see which score finds them among these images:
  # noisy: {{label_noise: {{kind: symmetric, fraction: 0.1}}}}

# Not needed for the list of labels to check; take out a line to compute it as well.
analyses:
  vog: null
  prediction_depth: null
  influence: null
  images: null
  relations: null
"""
_FOLDS_OF_EACH = f"""\
  # Each image is held out by one of the {FOLDS} networks of a seed, which then tells how likely its label is wrong. Of
  # images that it was trained on, a network cannot tell.
  folds: {FOLDS}"""
_FOLDS_OF_NONE = "  folds: null # images with several labels are not held out"
_COMMENTS = {
    "size": "pixels; images are resized and cropped to squares",
    "test_fraction": "no split for tests, so that all images are ranked; e.g. 0.2 tests on a fifth",
    "on_bad_image": "leaves out what cannot be used; it is counted and named when the data set is prepared",
    "unlabelled": "leaves out what has no label; it is counted when the data set is prepared",
    "color": "or {other}",
}
_ABOUT_FLIPS = {
    True: "flip: false where left and right differ in meaning, as in letters",
    False: "flip: true where left and right do not matter",
}
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}  # that YAML takes for something else than text
_EXTRA = re.compile(r"[^A-Za-z0-9_-]+")


def starter(folder: str, settings: Mapping, survey: Survey, fit: Fitted, places: Mapping[str, str]) -> str:
    """The text of a config.yaml.

    settings: of the data set. places: readme, suite and features, paths; quoted: the folder, as a shell takes it.
    """
    several = settings["source"] == "voc"
    size = {"size": fit.size} if fit.size else {}
    own = {**settings, **size, "color": fit.color}
    return _TEXT.format(
        folder=" ".join(folder.split()),
        name=dataset_name(folder),
        dataset="\n".join(f"    {key}: {as_yaml(value)}{_comment(key, own)}" for key, value in own.items()),
        lr=fit.learning_rate,
        batch_size=fit.batch_size,
        train=survey.count("train"),
        epochs=fit.epochs,
        steps=fit.steps,
        augmentation=as_yaml(fit.augmentation),
        why=_ABOUT_FLIPS[fit.augmentation["flip"]],
        seeds=list(range(SEEDS)),
        folds=_FOLDS_OF_NONE if several else _FOLDS_OF_EACH,
        networks="one network" if several else f"{FOLDS} networks",
        minutes=_minutes(fit.cpu_seconds / SEEDS),
        **places,
    )


def dataset_name(folder: str) -> str:
    """A name for a data set, from that of a folder."""
    name = _EXTRA.sub("-", folder.rstrip("/").rpartition("/")[2]).strip("-_")[:40].strip("-_")
    return name if name and not re.fullmatch(r"seed-\d+(-fold-\d+)?", name) else "images"


def as_yaml(value) -> str:
    """A value as YAML in one line. JSON is YAML, and quotes whatever a path or a pattern may contain."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_yaml(key)}: {as_yaml(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    return value if isinstance(value, str) and _is_plain(value) else json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", text) is not None and text.lower() not in _WORDS


def _comment(key: str, settings: Mapping) -> str:
    text = _COMMENTS.get(key, "").format(other="grey" if settings["color"] == "rgb" else "rgb")
    return f" # {text}" if text else ""


def _minutes(seconds: float) -> str:
    return f"{max(round(seconds), 1)} s" if seconds < 100 else f"{round(seconds / 60)} min"
