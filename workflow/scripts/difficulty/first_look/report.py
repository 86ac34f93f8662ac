"""What was found in a folder of images, as lines for the terminal."""

from collections.abc import Iterator

import pandas as pd

from difficulty.datasets.duplicates import describe_duplicates
from difficulty.datasets.image_remarks import REASONS
from difficulty.datasets.intake import SHOWN
from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.path_names import printable
from difficulty.datasets.source import Source
from difficulty.first_look.fitting import Fitted
from difficulty.first_look.layouts import Layout
from difficulty.first_look.survey import Survey
from difficulty.progress import duration


def report(layout: Layout, source: Source, survey: Survey, fit: Fitted) -> Iterator[str]:
    """One line for each thing worth knowing before anything is trained."""
    yield f"layout: {layout.described} (source: {layout.settings['source']})"
    yield from _splits(survey)
    yield from _classes(survey.examples)
    yield from _images(survey)
    yield from _duplicates(survey)
    yield from _left_out(source, survey)
    yield from (f"note: {note}" for note in source.notes)
    size = f"{fit.size} x {fit.size} pixels" if fit.size else "the images' own size"
    yield (
        f"settings: {size}, {fit.color}, batches of {fit.batch_size}, {fit.epochs} epochs ({fit.steps:,} steps); "
        f"about {duration(fit.cpu_seconds)} of training on one CPU core"
    )


def _splits(survey: Survey) -> Iterator[str]:
    tested = f"{survey.count('test'):,} for the test"
    if not survey.count("test"):
        tested = "none for the test: nothing is tested, and the list of labels to check needs no test"
    yield f"images: {survey.count('train'):,} for training, {tested}"


def _classes(examples: pd.DataFrame) -> Iterator[str]:
    train = examples[examples["split"] == "train"]
    counts = train["class_name"].value_counts()
    by = " (by their largest object)" if has_label_sets(examples) else ""
    largest, smallest = (f"{printable(counts.index[place])} with {counts.iloc[place]:,}" for place in (0, -1))
    alike = counts.iloc[0] == counts.iloc[-1]
    sizes = f"with {counts.iloc[0]:,} each" if alike else f"from {smallest} to {largest}"
    yield f"classes for training: {len(counts):,}{by}, {sizes}"
    if single := sorted(counts.index[counts == 1]):
        names = ", ".join(map(printable, single[:SHOWN])) + ", ..." * (len(single) > SHOWN)
        yield f"classes of one training image: {len(single):,} ({names}); their labels cannot be judged"


def _images(survey: Survey) -> Iterator[str]:
    known = survey.examples.dropna(subset="width")
    order = known.assign(area=known["width"] * known["height"]).sort_values("area", kind="stable")
    low, middle, high = (
        f"{order['width'].iloc[place]:.0f} x {order['height'].iloc[place]:.0f}" for place in (0, len(order) // 2, -1)
    )
    sizes = f"all {low} pixels" if low == high else f"{low} to {high} pixels, median {middle}"
    grey = int(known["is_grey"].sum())
    colors = {0: "in colour", len(known): "greyscale"}.get(grey, f"in colour, {grey:,} of them greyscale")
    sample = (
        f" (of {survey.opened:,} that were opened)" if survey.opened < len(survey.examples) + len(survey.bad) else ""
    )
    yield f"sizes: {sizes}, {colors}{sample}"


def _duplicates(survey: Survey) -> Iterator[str]:
    lines, summary = describe_duplicates(survey.examples.dropna(subset="sha256"))
    yield f"duplicates: {summary or 'no identical files'}"
    yield from (f"    {line}" for line in lines)


def _left_out(source: Source, survey: Survey) -> Iterator[str]:
    """What the source leaves out, and the images that cannot be read, by reason."""
    yield from (f"left out: {reason}: {each.text()}" for reason, each in source.intake.left_out.items())
    by_reason: dict[str, list[str]] = {}
    for name, reason in survey.bad.items():
        by_reason.setdefault(reason if reason in REASONS else "broken image", []).append(name)
    for reason, names in by_reason.items():
        yield f"left out: {reason}: {len(names):,} ({', '.join(names[:SHOWN])}{', ...' * (len(names) > SHOWN)})"
