"""One HTML file out of data, scripts and styles, which a browser opens from disk and which asks nobody for anything."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

_PAGE = Path(__file__).parent / "page"
# In the order in which they run: each uses what those above define.
SCRIPTS = (
    "core/elements.js",
    "core/arrays.js",
    "core/columns.js",
    "core/address.js",
    "core/experiment.js",
    "core/selection.js",
    "core/thumbnails.js",
    "core/decisions.js",
    "core/grid.js",
    "core/filters.js",
    "core/card.js",
    "core/detail.js",
    "views/overview.js",
    "views/review.js",
    "views/images.js",
    "views/map.js",
    "views/scores.js",
    "views/figures.js",
    "views/methods.js",
    "app.js",
)
STYLES = ("style.css",)
_CHARTS = ("bokeh", "bokeh-gl", "bokeh-api")


def render(data: Mapping, arrays: Mapping[str, str]) -> str:
    """The page.

    data: what core/experiment.js reads, JSON-able. arrays: name -> base64, as `Arrays` packs
    them; empty if they lie beside the page.

    No script runs but those that are written here: the page's content security policy lists their digests, and allows
    neither connections nor code made of text.
    """
    scripts = [*_charts(), _own_scripts()]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((_PAGE / "index.html.j2").read_text(encoding="utf-8"))
    return template.render(
        title=data["title"],
        policy=content_security_policy(scripts, beside=not arrays),
        styles=[Markup(_style(name)) for name in STYLES],
        scripts=[Markup(script) for script in scripts],
        data=Markup(inert_json(data)),
        arrays=arrays,
    )


def inert_json(data) -> str:
    """JSON that stays data wherever it stands in HTML: without <, > and &, which are escaped in its texts."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def content_security_policy(scripts: Sequence[str], beside: bool = False) -> str:
    """A policy under which these inline scripts run and nothing else does; pictures may come from the page's folder.

    beside: whether scripts with data lie there, too, and may run.
    """
    digests = " ".join([*(f"'sha256-{_digest(script)}'" for script in scripts), *(["'self'"] if beside else [])])
    parts = {
        "default-src": "'none'",
        "script-src": digests,
        "style-src": "'unsafe-inline'",  # the charting library writes styles
        "img-src": "data: blob: 'self'",
        "font-src": "data:",
        "form-action": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _charts() -> list[str]:
    """The charting library, as its Python package brings it; the package itself is not imported."""
    folder = Path(find_spec("bokeh").origin).parent / "server" / "static" / "js"
    return [_embeddable((folder / f"{name}.min.js").read_text(encoding="utf-8")) for name in _CHARTS]


def _own_scripts() -> str:
    parts = [(_PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return _embeddable('"use strict";\n' + "\n".join(parts))


def _embeddable(script: str) -> str:
    """A script that does not end the element it stands in."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _style(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
