"""Fonts for text that the usual one has no characters for, such as names of classes in Chinese."""

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import category

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from difficulty.figures.style.appearance import STYLE

_USUAL = STYLE["font.family"]
_UNSEEN = ("Cc", "Cf")  # ends of lines, joiners
_BOXES = "Last Resort"  # matplotlib's own font, which draws a box for every character


def use_fonts_that_have_the_text(figure: Figure) -> str:
    """Gives the texts of a figure further fonts, of those installed, for characters that the usual one lacks.

    Returns the characters that no installed font has, in order.
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_majorticklabels()  # writes the labels, which are otherwise only written when they are drawn
    texts = [(text, _lacking(text.get_text())) for text in figure.findobj(Text)]
    lacking = {character for _, characters in texts for character in characters}
    if not lacking:
        return ""
    families, missing = further_fonts(lacking)
    for text, characters in texts:
        if characters:
            text.set_fontfamily([_USUAL, *families])
    return "".join(sorted(missing))


def further_fonts(characters: Iterable[str]) -> tuple[list[str], set[str]]:
    """(names of installed fonts that have these characters between them, characters that none has).

    The font that has the most of them comes first; of equal ones the first by name.
    """
    missing, families = {ord(character) for character in characters}, []
    fonts = _installed_fonts() if missing else {}
    while missing and fonts:
        name = max(fonts, key=lambda name: len(missing & fonts[name]))
        if not missing & fonts[name]:
            break
        families.append(name)
        missing -= fonts.pop(name)
    return families, {chr(code) for code in missing}


def _lacking(text: str) -> set[str]:
    usual = _characters(font_manager.findfont(_USUAL))
    return {character for character in text if ord(character) not in usual and category(character) not in _UNSEEN}


@lru_cache
def _characters(path: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(path).get_charmap())


def _installed_fonts() -> dict[str, frozenset[int]]:
    """Name -> characters of the upright fonts of usual weight that can be drawn at any size, by name."""
    found = {}
    for entry in sorted(font_manager.fontManager.ttflist, key=lambda entry: (entry.name, entry.fname)):
        is_regular = entry.style == "normal" and str(entry.weight) in ("400", "normal", "regular")
        if is_regular and entry.name not in found and not entry.name.startswith(_BOXES):
            try:
                font = font_manager.get_font(entry.fname)
            except (OSError, RuntimeError):  # removed since matplotlib listed it, or damaged
                continue
            if font.scalable:
                found[entry.name] = _characters(entry.fname)
    return found
