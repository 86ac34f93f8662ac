"""Writes the JSON schema of config.yaml from the models in difficulty/config/."""

import argparse
import json
from pathlib import Path

from difficulty.config.json_schema import config_schema

SCHEMA = Path(__file__).parents[1] / "schemas" / "config.schema.json"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    SCHEMA.write_text(json.dumps(config_schema(), indent=2) + "\n", encoding="utf-8")
