"""What tests read off a figure."""

from difficulty.figures.style.appearance import styled


def texts_of(figure):
    """Every text that is drawn, including tick labels."""
    with styled():
        figure.canvas.draw()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    return [text for artist in found if (text := artist.get_text())]


def said(figure):
    return " ".join(" ".join(texts_of(figure)).split())


def by_gid(figure, gid):
    return figure.findobj(lambda artist: artist.get_gid() == gid)
