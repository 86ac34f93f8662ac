"""The page that shows everything, in a real browser: views, filters, lasso, review, and names that could do harm."""

import shutil
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path as Outline

import build_atlas
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.scores.collect import SCORES
from difficulty.subsets.decisions import read_decisions
from difficulty.tables import read_table
from tests.support.atlas_pages import EXPERIMENTS, NAMES, SETTINGS
from tests.support.browser import Opened
from tests.support.recorded_experiments import TEST, TRAIN

VIEWS = ("overview", "review", "images", "map", "scores", "figures", "methods")


@pytest.fixture(scope="module")
def scores(page_file):
    """Scores of the experiment `noisy`, in the order of the examples."""
    return read_table(page_file.parent / "experiments" / "noisy" / "scores.parquet", SCORES).sort_values("example_id")


def shown(page):
    """How many images the view says that it shows."""
    return int(page.locator(".count").first.inner_text().split()[0].replace(",", ""))


def test_every_view_of_every_experiment_opens(opened):
    for experiment in EXPERIMENTS:
        for view in VIEWS:
            page = opened.go(view=view, e=experiment)
            assert page.locator("main > section").inner_text().strip()
            assert page.locator("nav a[aria-current=page]").inner_text().lower() == view


def test_names_are_text_whatever_they_look_like(opened):
    for view in VIEWS:
        page = opened.go(view=view, e="noisy")
        assert page.locator("[onerror], img[src=x]").count() == 0
    page = opened.go(view="images", e="noisy", **{"class": NAMES[0].replace(" ", "%20")})
    assert page.locator("select[aria-label=Label]").input_value() == NAMES[0]
    captions = page.locator(".grid-caption .label").all_inner_texts()
    assert captions and all(text.startswith(NAMES[0]) for text in captions)


def test_filters_and_links(opened, scores):
    page = opened.go(view="images", e="noisy")
    assert shown(page) == TRAIN + TEST
    page.select_option("select[aria-label=Split]", "test")
    opened.settle("images")
    page.wait_for_function("() => document.querySelector('.count').innerText.startsWith('40 ')")
    page.select_option("select[aria-label=Label]", NAMES[2])
    of_class = int(((scores["split"] == "test") & (scores["class_name"] == NAMES[2])).sum())
    page.wait_for_function(f"() => document.querySelector('.count').innerText.startsWith('{of_class} ')")
    link = page.url
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("() => document.querySelector('.count').innerText.startsWith('160 ')")
    page.goto("about:blank")
    page.goto(link)
    opened.settle("images")
    assert shown(page) == of_class


def test_order_and_range(opened, scores):
    values = scores["aum"].to_numpy(float)
    page = opened.go(view="images", e="noisy", sort="aum", split="train")
    first = float(page.locator(".grid-caption .value").first.inner_text())
    assert first == pytest.approx(np.nanmin(values[:TRAIN]), abs=0.01)
    page = opened.go(view="images", e="noisy", split="train", ranges="aum:-100:0")
    assert shown(page) == int((values[:TRAIN] <= 0).sum())
    page = opened.go(view="images", e="noisy", find="key%2011")
    assert shown(page) == 11  # 11, 110 to 119
    page.get_by_role("searchbox", name="Find").fill("key 12")
    page.wait_for_function("() => document.querySelector('.count').innerText.startsWith('11 images')")
    page = opened.go(view="images", e="noisy", find="%2311")
    assert shown(page) == 1


def test_what_two_scores_disagree_about(opened, scores):
    page = opened.go(view="scores", e="noisy")
    page.locator("a[aria-label^='aum and loss:']").click()
    opened.settle("images")
    shares = [scores.loc[scores["split"] == "train", name].rank(pct=False) for name in ("aum", "loss")]
    apart = ((TRAIN + 1 - shares[0]) - shares[1]).abs().max() / (TRAIN - 1)
    assert float(page.locator(".grid-caption .value").first.inner_text()) == pytest.approx(apart, abs=0.002)


def test_scores_by_kind_of_image(opened, scores):
    page = opened.go(view="overview", e="noisy")
    page.evaluate(
        """async () => {
            const experiment = await Experiment.open("noisy");
            experiment.verdicts = ["first", "other"];
            experiment.verdict = experiment.verdict.map((_, place) => (place < 120 ? Number(place >= 30) : 255));
        }"""
    )
    page.locator("nav a", has_text="Scores").click()
    page.get_by_text("How high are scores for each kind of image?").click()
    table = page.get_by_role("region", name="Mean percentile")
    table.wait_for()
    assert table.locator("thead th").all_inner_texts() == ["Score", "first (30)", "other (90)"]
    row = table.locator("tbody tr", has=page.get_by_role("cell", name="aum", exact=True))
    train = scores["aum"][:TRAIN].to_numpy(float)
    shares = pd.Series((TRAIN - pd.Series(train).rank()) / (TRAIN - 1))
    expected = [100 * shares[:30].mean(), 100 * shares[30:].mean()]
    found = [float(text) for text in row.locator("td").all_inner_texts()[1:]]
    np.testing.assert_allclose(found, expected, atol=0.6)


def test_lasso(opened, scores):
    page = opened.go(view="map", e="noisy", x="variability", y="confidence")
    box = page.locator(".map-plot").bounding_box()
    corners = [(0.25, 0.2), (0.75, 0.25), (0.7, 0.8), (0.3, 0.75)]
    for _ in range(3):  # a browser that is busy with the first drawing does not hear the mouse
        page.mouse.move(box["x"] + corners[0][0] * box["width"], box["y"] + corners[0][1] * box["height"])
        page.mouse.down()
        for across, down in [*corners[1:], corners[0]]:
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=8)
        page.mouse.up()
        page.wait_for_timeout(1000)
        if page.locator(".chip").count():
            break
    page.wait_for_selector(".chip")
    drawn = page.evaluate("() => Selection.lasso(Address.state())")
    outline = Outline(np.array(drawn["outline"]).reshape(-1, 2))
    points = scores.loc[scores["split"] == "train", ["variability", "confidence"]].to_numpy(float)
    inside = int(outline.contains_points(points).sum())
    assert 0 < inside < TRAIN and shown(page) == pytest.approx(inside, abs=1)
    page.get_by_role("link", name="Show these as images").click()
    opened.settle("images")
    assert shown(page) == pytest.approx(inside, abs=1)


def test_twenty_suspects_by_keyboard(opened, page_file, tmp_path):
    page = opened.go(view="review", e="noisy")
    expected = {}
    suspects = pd.read_parquet(page_file.parent / "experiments" / "noisy" / "suspects.parquet")["example_id"]
    for number, example in enumerate(suspects[:20]):
        page.wait_for_selector(f"dd:text-matches('example {example}\\\\)')")
        if number % 4 == 3:
            page.keyboard.press("r")
            page.keyboard.type(NAMES[3][:4])
            page.keyboard.press("Enter")
            expected[example] = ("relabel", 3)
        else:
            page.keyboard.press("k" if number % 2 else "d")
            expected[example] = ("keep" if number % 2 else "drop", None)
        if number == 6:
            page.wait_for_selector(f"dd:text-matches('example {suspects[7]}\\\\)')")
            page.keyboard.press("u")
            page.wait_for_selector(f"dd:text-matches('example {example}\\\\)')")
            page.keyboard.press("k")
            expected[example] = ("keep", None)
    page.wait_for_selector(f"dd:text-matches('example {suspects[20]}\\\\)')")
    assert "decided 20:" in page.locator(".count").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export decisions").click()
    list_file = tmp_path / "decisions.csv"
    download.value.save_as(list_file)
    examples = read_table(page_file.parent / "datasets" / "toy" / "examples.parquet", EXAMPLES)
    labels = read_table(page_file.parent / "experiments" / "noisy" / "labels.parquet", LABELS)
    examples["label"] = labels["label"]
    examples["class_name"] = [NAMES[label] for label in labels["label"]]
    found = read_decisions(list_file, "example_id", examples, "toy")
    assert {row.Index: row.decision for row in found.itertuples()} == {name: each[0] for name, each in expected.items()}
    assert all(found["label"][name] == label for name, (_, label) in expected.items() if label is not None)

    page.reload()
    opened.settle("review")
    assert "decided 20:" in page.locator(".count").inner_text()
    page.evaluate("() => localStorage.clear()")
    page = opened.go(anew=True, view="review", e="noisy")
    assert "decided 0:" in page.locator(".count").inner_text()
    page.set_input_files("input[type=file]", list_file)
    page.wait_for_selector("text=20 decisions taken over.")
    assert "decided 20:" in page.locator(".count").inner_text()
    list_file.write_text("example_id,decision\n3,perhaps\n")
    page.set_input_files("input[type=file]", list_file)
    page.wait_for_selector("text=Row 2: “perhaps” is none of keep, drop, relabel.")


def test_an_image_before_the_others(opened):
    page = opened.go(view="images", e="noisy")
    page.locator(".grid-cell").nth(2).click()
    page.wait_for_selector("dialog[open] .card")
    assert "at=" in page.url
    page.locator("dialog summary").click()
    page.wait_for_selector("dialog .percentiles td:text-is('aum')")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="hidden")
    page.go_back()
    page.wait_for_selector("dialog[open] .card")


def test_arrow_keys_in_the_grid(opened):
    page = opened.go(view="images", e="noisy", size="160")
    page.locator(".grid-cell").first.focus()
    names = []
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
        names.append(page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
    assert len({*names}) == 5 and all(names)
    assert page.evaluate("() => document.querySelector('.grid').scrollTop") > 0


@pytest.mark.parametrize(("scheme", "views"), [("light", VIEWS), ("dark", ("review", "scores"))])
def test_accessibility(chromium, page_file, scheme, views):
    """By axe-core: nothing that it calls serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(bypass_csp=True, offline=True, color_scheme=scheme)
    opened, grave = Opened(context.new_page(), page_file.as_uri()), []
    for view in views:
        found = Axe().run(opened.go(view=view, e="noisy")).response["violations"]
        grave += [(view, each) for each in found if each["impact"] in ("serious", "critical")]
    context.close()
    assert not grave, [(view, each["id"], [node["html"][:150] for node in each["nodes"][:3]]) for view, each in grave]


def test_a_page_with_its_data_beside_it(chromium, page_file, tmp_path, monkeypatch):
    """As with too many images for one file: every view opens from disk, or says that the folder is missing."""
    results = tmp_path / "results"
    shutil.copytree(page_file.parent, results)
    monkeypatch.setattr(build_atlas, "MOST_IMAGES", 10)
    build_atlas.main(Namespace(settings=SETTINGS, output=results / "index.html"))
    assert {file.suffix for file in (results / "atlas").iterdir()} == {".js", ".webp"}
    context = chromium.new_context(offline=True)
    opened = Opened(context.new_page(), (results / "index.html").as_uri())
    for view in VIEWS:
        assert opened.go(view=view, e="folds").locator("main > section").inner_text().strip()
    assert opened.faults == [] and opened.strangers == []
    shutil.rmtree(results / "atlas")
    opened.page.goto("about:blank")
    opened.page.goto(opened.address)
    opened.page.wait_for_selector("[role=alert]:has-text('keep that folder beside the page')")
    context.close()
