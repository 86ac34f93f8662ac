"""Sets of labels below small images."""

from difficulty.figures.style.text import wrapped

LINE_SPACING = 1.15


def wrapped_set(names: str, characters: int) -> str:
    """`dog+person` on at most two lines, broken after a +, with an ellipsis where some is left out."""
    return wrapped(names.replace("+", "+ "), characters + 1).replace("+ ", "+")
