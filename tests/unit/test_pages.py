"""The pages: every configuration in them is planned, every link leads somewhere, every finding names its command."""

import importlib
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.plan.plan import Plan
from tests.support.rule_files import NotPlanned, jobs

ROOT = Path(__file__).parents[2]
README, FINDINGS, STARTER = ROOT / "README.md", ROOT / "docs" / "findings.md", ROOT / "config" / "config.yaml"
PAGES = [
    README,
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / folder / "README.md" for folder in ("config", "recipes", "results", "benchmarks")),
]
MOST_BYTES_OF_README = 8000
SPLITS = ("train", "test")
# What the configurations in the pages name, relative to the working directory: files of no content will do.
NAMED_FILES = (
    *(
        f"{folder}/{split}/ant/1.jpg"
        for folder in ("photos", "other_photos", "sketches")
        for split in ("train", "test")
    ),
    *(f"VOCdevkit/VOC2007/{name}" for name in ("ImageSets/Main/trainval.txt", "ImageSets/Main/test.txt")),
    *(f"VOCdevkit/VOC2007/{name}" for name in ("JPEGImages/1.jpg", "Annotations/1.xml")),
    *(f"snapshots/epoch-{epoch}.pt" for epoch in ("03", "04", "05", "88", "89", "90")),
    *("data/train-0.parquet", "data/test.parquet", "run0.parquet", "run1.parquet", "out-of-fold.parquet"),
    *("pred_probs.npy", "predictions.parquet"),
    *("cifar10h-probs.npy", "VSD_dataset.csv", "decisions.csv"),
    *("features.npy", "features_of_test.npy", "vectors.parquet", "start.safetensors"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of code of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, text: str | None = None) -> list[Block]:
    """All fenced blocks of a page, or of a part of it."""
    text = page.read_text(encoding="utf-8") if text is None else text
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2]) for match in found]


def without_blocks(page: Path) -> str:
    """The text of a page, inline code included."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", without_blocks(page), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page; a repeated heading gets a number."""
    found: dict[str, int] = {}
    result = set()
    for heading in headings(page):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        result.add(f"{slug}-{found[slug]}" if slug in found else slug)
        found[slug] = found.get(slug, 0) + 1
    return result


def links(page: Path) -> list[str]:
    """The targets of all links and pictures of a page; in code they mean nothing."""
    return re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`\n]*`", "", without_blocks(page)))


ALL_BLOCKS = list(itertools.chain.from_iterable(map(blocks, PAGES)))
PROFILE_KEYS = set(yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text(encoding="utf-8")))
YAML_BLOCKS = [block for block in ALL_BLOCKS if block.language == "yaml"]
PROFILES = [block for block in YAML_BLOCKS if set(yaml.safe_load(block.text)) <= PROFILE_KEYS]
OF_MODULES = [block for block in YAML_BLOCKS if [*yaml.safe_load(block.text)] == ["difficulty"]]
CONFIGURATIONS = [block for block in YAML_BLOCKS if block not in [*PROFILES, *OF_MODULES]]


@pytest.fixture
def user_folder(tmp_path, monkeypatch):
    """A folder with all files that the pages' configurations name, as working directory."""
    for name in NAMED_FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def digest(*source: str) -> str:
    return " ".join(source)


def planned(folder: Path, *texts: str) -> Plan:
    """The plan of a folder: of the default suite, overridden by some files, each by the ones after it.

    Raises UserError or NotPlanned if a job could not be planned, or a file of the user's is not there.
    """
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    plan = Plan(resolve(load([ROOT / "config.yaml", *paths])), digest)
    plan.training.require_named_files()
    plan.generalization.require_test_splits()
    assert jobs(plan)
    return plan


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=str)
def test_configurations_in_pages_are_planned(block, user_folder):
    """Each is read as a user's change of README's own one: data set `photos`, experiment `plain`."""
    own_images = next(each for each in CONFIGURATIONS if each.page == README)
    planned(user_folder, own_images.text, block.text)


@pytest.mark.parametrize("block", OF_MODULES, ids=str)
def test_configurations_of_modules_in_pages_stand_alone(block, user_folder):
    assert jobs(Plan(resolve(yaml.safe_load(block.text)["difficulty"]), digest))


def test_readme_shows_a_configuration_of_its_own(user_folder):
    (block,) = (each for each in CONFIGURATIONS if each.page == README)
    assert list(planned(user_folder, block.text).experiments) == ["plain"]


def test_no_plan_is_made_without_the_files_that_a_configuration_names(tmp_path):
    (block,) = (each for each in CONFIGURATIONS if each.page == README)
    with pytest.raises(
        NotPlanned,
        match=r"^config\.yaml: datasets\.photos\.path: no such folder: photos, relative to /.*; fix the path$",
    ):
        planned(tmp_path, block.text)


@pytest.mark.parametrize("block", PROFILES, ids=str)
def test_profiles_in_pages_name_rules_of_the_profile(block):
    profile = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text(encoding="utf-8"))
    for key, value in yaml.safe_load(block.text).items():
        assert set(value) <= set(profile[key])


def test_the_starter_is_planned_as_it_is_and_with_all_that_it_suggests(user_folder):
    text = STARTER.read_text(encoding="utf-8")
    assert list(planned(user_folder, text).experiments) == ["plain"]
    assert jobs(Plan(resolve(yaml.safe_load(text)), digest)), "as a module's configuration, it stands alone"
    suggested = re.sub(r"^( *)# ( *[a-z_]+:( .*)?)$", r"\1\2", text, flags=re.MULTILINE)
    plan = planned(user_folder, suggested)
    assert list(plan.experiments) == ["plain", "noisy", "folds"]
    assert not {"vog", "prediction_depth", "influence"} & set(plan.analyses)


def test_the_configuration_in_dot_test_is_planned(user_folder):
    text = (ROOT / ".test" / "config" / "config.yaml").read_text(encoding="utf-8")
    assert list(planned(user_folder, text).experiments) == ["noisy"]


def test_the_page_of_settings_is_up_to_date():
    written = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    generator = importlib.import_module("write_config_page")
    assert written == generator.config_page(), "run: python workflow/scripts/write_config_page.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    broken = []
    for link in links(page):
        if not link.startswith(("https://", "http://")):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), {README}
    while waiting:
        reached.add(page := waiting.pop())
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            target = target / "README.md" if target.is_dir() else target
            if target in PAGES and target not in reached:
                waiting.add(target)
    assert set(PAGES) - reached == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_pages_name_files_and_targets_that_exist(page):
    targets = re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    shell = [block.text for block in blocks(page) if block.language == "sh"]
    commands = "\n".join([*shell, *re.findall(r"`([^`\n]*)`", without_blocks(page))])
    assert set(re.findall(r"^make ([\w./-]+)", commands, re.MULTILINE)) <= set(targets)
    named = re.findall(r"--configfile (\S+)|--profile (\S+)|python (workflow/\S+)", commands)
    assert [name for match in named for name in match if name and not (ROOT / name).exists()] == []


def test_the_readme_is_short():
    assert len(README.read_bytes()) <= MOST_BYTES_OF_README


def test_the_table_of_recipes_has_every_recipe():
    recipes = {path.name for path in (ROOT / "recipes").glob("*.yaml")}
    listed = [link for link in links(ROOT / "recipes" / "README.md") if link.endswith(".yaml")]
    assert sorted(listed) == sorted(recipes)


def findings() -> list[str]:
    _, *sections = re.split(r"^## ", FINDINGS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return sections


@pytest.mark.parametrize("section", findings(), ids=lambda section: section.partition("\n")[0])
def test_every_finding_stands_next_to_the_command_that_shows_it(section):
    _, _, body = section.partition("\n")
    first, *_ = blocks(FINDINGS, body)
    assert re.match(r"make run\b|\.venv/bin/snakemake .*--configfile recipes/\w+\.yaml", first.text)
    assert body.lstrip().startswith("```sh"), "no number stands before its command"


def test_measured_spreads_stand_among_the_findings_only():
    elsewhere = [page for page in PAGES if page != FINDINGS and page.parent.name != "benchmarks"]
    assert [str(page) for page in elsewhere if "±" in page.read_text(encoding="utf-8")] == []


def test_every_analysis_is_explained_in_a_page():
    schema = json.loads((ROOT / "workflow" / "schemas" / "config.schema.json").read_text(encoding="utf-8"))
    docs = "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page.is_relative_to(ROOT / "docs"))
    names = schema["$defs"]["Analyses"]["properties"]
    assert [name for name in names if not re.search(rf"`{name}`|\b{name}: ?[{{\n]|analyses\.{name}\b", docs)] == []
