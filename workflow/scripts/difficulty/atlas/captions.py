"""Captions of figures, written in reStructuredText with Jinja, as paragraphs of plain and marked text."""

import re
from collections.abc import Mapping
from types import SimpleNamespace

from jinja2 import Environment, StrictUndefined

from difficulty.atlas.figure_places import CAPTIONS

_MARKS = re.compile(r"``?(.+?)``?|\*\*(.+?)\*\*|\*(.+?)\*", re.DOTALL)
_TAGS = ("code", "strong", "em")

# Question -> captions of the figures that answer it; the order in which people ask.
QUESTIONS = {
    "What is in the data?": ("samples",),
    "Did the networks learn?": ("training", "panel", "evaluations", "comparison", "average_precision"),
    "Which labels are wrong?": ("label_errors", "gallery", "removal"),
    "What is hard, and do scores agree on it?": ("data_map", "correlation", "stability", "truth_correlation"),
    "Which score finds what is known to be hard?": ("detection", "out_of_distribution"),
    "Do networks agree?": ("agreement", "order_stability", "agreed_statistics"),
    "What do hard images look like?": ("relations", "statistics_histograms", "image_maps"),
    "From which layer on are images told apart?": (
        *("depth_histogram", "depth_levels", "probe_accuracy", "depth_learning", "depth_classes", "depth_votes"),
        *("depth_gallery", "depth_plane"),
    ),
    "Where do gradients vary?": (
        *("vog_errors", "vog_correlation", "vog_stages", "vog_gallery"),
        *("vog_toy_boundary", "vog_toy_correlation", "vog_toy_distance"),
    ),
    "Which training images matter for a prediction?": ("influential", "influence_agreement"),
    "Do images help each other?": ("coherence", "generalization", "traits"),
}


def question_of(caption: str) -> str:
    """The question that figures with a caption answer."""
    return next((question for question, captions in QUESTIONS.items() if caption in captions), "Further figures")


def order_of(question: str) -> int:
    """The place of a question among those that people ask; those that are not listed come last."""
    return next((place for place, each in enumerate(QUESTIONS) if each == question), len(QUESTIONS))


def paragraphs(name: str, wildcards: Mapping[str, str]) -> list[list]:
    """A caption's paragraphs, each a list of plain texts and of {tag, text} for those that are marked.

    wildcards: of the rule that draws the figure, which the caption names.
    """
    snakemake = SimpleNamespace(wildcards=SimpleNamespace(**wildcards))
    template = Environment(undefined=StrictUndefined).from_string(
        (CAPTIONS / f"{name}.rst").read_text(encoding="utf-8")
    )
    blocks = re.split(r"\n\s*\n", template.render(snakemake=snakemake).strip())
    return [_marked(" ".join(block.split())) for block in blocks]


def _marked(text: str) -> list:
    parts, end = [], 0
    for match in _MARKS.finditer(text):
        parts += [text[end : match.start()]] if match.start() > end else []
        group = next(number for number, found in enumerate(match.groups()) if found is not None)
        parts.append({"tag": _TAGS[group], "text": match.group(group + 1)})
        end = match.end()
    return parts + ([text[end:]] if end < len(text) else [])
