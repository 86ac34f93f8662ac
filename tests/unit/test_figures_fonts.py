"""Text that the usual font has no characters for is drawn in another installed font, or said once."""

import argparse
import warnings

import pytest

from difficulty.figures.style.appearance import new_figure, styled
from difficulty.figures.style.fonts import further_fonts, use_fonts_that_have_the_text
from difficulty.figures.style.saving import save_figure, write_figure

ARC = "\u2312"  # in DejaVu Sans Mono, which comes with matplotlib, and not in DejaVu Sans
UNKNOWN = "\U000f0000"  # of the private use area


@pytest.fixture
def figure():
    with styled():
        figure, _ = new_figure(2, 2, f"class {ARC}")
        axes = figure.add_subplot()
        axes.set_xticks([0, 1], labels=["ant", f"bee {ARC}"])
        axes.set_ylabel("ant")
        return figure


def test_text_is_drawn_in_a_font_that_has_it(figure, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's "Glyph missing from font"
        assert save_figure(figure, [tmp_path / "a.png", tmp_path / "a.pdf"], 50) == ""
    axes = figure.axes[0]
    (ant, bee), title = axes.get_xticklabels(), figure.texts[0]
    families = bee.get_fontfamily()
    assert families == title.get_fontfamily() and families[0] == "DejaVu Sans" and len(families) == 2
    assert ant.get_fontfamily() == axes.yaxis.label.get_fontfamily() == ["DejaVu Sans"]


def test_usual_text_keeps_its_font():
    with styled():
        figure, _ = new_figure(2, 2, 'b\'ee "x" $1 café', warnings=["of 3 runs"])
    assert use_fonts_that_have_the_text(figure) == ""
    assert {tuple(text.get_fontfamily()) for text in figure.texts} == {("DejaVu Sans",)}


def test_fonts_are_chosen_by_how_much_they_have():
    families, missing = further_fonts({ARC, UNKNOWN})
    assert len(families) == 1 and missing == {UNKNOWN}
    assert further_fonts(()) == ([], set())


def test_what_no_font_has_is_said_once(figure, tmp_path, capsys):
    figure.texts[0].set_text(f"class {UNKNOWN}")
    for name in ("a", "b"):
        paths = [tmp_path / "figures" / name / f"c.{kind}" for kind in ("png", "pdf")]
        args = argparse.Namespace(settings={"dpi": 50}, code="", upstream="")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_figure(figure, "scores.gallery", paths, args)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].startswith("no installed font has")
