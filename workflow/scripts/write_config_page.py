"""Writes config/README.md, the tables of all settings, from the models in difficulty/config/."""

import argparse
import textwrap
from pathlib import Path

from pydantic.json_schema import models_json_schema

from difficulty.config.core.annotations import GoesWith, marked
from difficulty.config.core.problems import written
from difficulty.config.file import ConfigurationFile
from difficulty.config.training.experiment import Experiment
from difficulty.config.training.grids import WrittenExperiment
from difficulty.settings_page import settings_page

PAGE = Path(__file__).parents[2] / "config" / "README.md"
HEAD = """# Settings

`config.yaml` next to this page is a short configuration for images of your own. The default suite is
[config.yaml](../config.yaml), published experiments are in [recipes/](../recipes/README.md). This page lists every key
that a configuration may have. It is generated from the same models that check the configuration; write it again with
`.venv/bin/python workflow/scripts/write_config_page.py`.

- A file may be short. What it does not mention stays as it is in the default suite, except that `datasets` and
  `experiments` replace those of the default suite. With `--configfile` the file stands alone, and so
  does the configuration of a [module](../docs/modules.md).
{going}
- `null` removes a setting, so that the default below applies.
- `NAME` stands for a name that you choose: letters, digits, `-` and `_`.
- "required" means that a key has no default; those of an experiment may be given in `defaults`.
- All mistakes are reported before anything runs, one line each.
- Editors with YAML support show the same while you type if the first line of your file is
  `# yaml-language-server: $schema=` and the path of `workflow/schemas/config.schema.json`.
"""


def going_with(section: str) -> str:
    """The settings of the default suite that a file drops with a section, as a list in a sentence."""
    places = [written(place) for place, mark in marked(ConfigurationFile, GoesWith) if section in mark.sections]
    *first, last = (f"`{place}`" for place in dict.fromkeys(places))
    return f"{', '.join(first)} and {last}"


def dropped_settings() -> str:
    """What a file drops of the default suite, as an item of the list at the head of the page."""
    text = (
        "What goes with the sections that a file replaces is dropped, too, so that the defaults below apply. With "
        f"`datasets` go {going_with('datasets')}, `defaults.batch_size`, and `defaults.dataset` unless the file has a "
        "data set of that name. "
        f"With `experiments` go {going_with('experiments')}, and all other lists of experiments."
    )
    return textwrap.fill(text, 120, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def config_page() -> str:
    """The whole page."""
    models = [(ConfigurationFile, "validation"), (WrittenExperiment, "validation"), (Experiment, "validation")]
    definitions = models_json_schema(models)[1]["$defs"]
    keys = definitions[ConfigurationFile.__name__]["properties"]
    keys["defaults"] = {"$ref": f"#/$defs/{Experiment.__name__}", "description": keys["defaults"]["description"]}
    written = {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{WrittenExperiment.__name__}"}}
    keys["experiments"] = {**written, "description": keys["experiments"]["description"]}
    return HEAD.format(going=dropped_settings()) + settings_page(definitions, ConfigurationFile.__name__) + "\n"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(config_page(), encoding="utf-8")
