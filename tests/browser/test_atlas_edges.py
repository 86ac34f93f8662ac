"""Where the page could mislead, forget or leave people behind: odd addresses, lists and storage."""

import numpy as np
import pandas as pd
import pytest

from tests.browser.test_atlas import scores, shown  # noqa: F401
from tests.support.atlas_pages import NAMES
from tests.support.recorded_experiments import TEST, TRAIN

FOCUS = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def test_addresses_that_nobody_would_write(opened):
    for address in (
        {"view": "constructor"},
        {"view": "images", "flag": "__proto__"},
        {"view": "images", "lasso": "x", "size": "-16"},
        {"view": "images", "sort": "aum~loss~el2n", "ranges": "aum:x:y"},
        {"view": "map", "x": "toString", "color": "constructor"},
        {"view": "review", "at": "-1"},
    ):
        page = opened.page if opened.page.url == "about:blank" else opened.go(e="noisy", **address)
        if page.url == "about:blank":
            page.goto(f"{opened.address}#view={address['view']}&e=noisy")
            page.wait_for_selector("body[data-ready]")
        assert page.locator("main [role=alert]:has-text('cannot be shown')").count() == 0
        if address["view"] == "images":
            assert shown(page) == TRAIN + TEST


def test_what_an_experiment_does_not_have_is_said(opened):
    page = opened.go(view="images", e="noisy", ranges="no_score:0:1", **{"class": "zebra"})
    assert "no_score ≤ 1 (not in this experiment)" in page.locator(".chip").inner_text()
    assert page.locator("select[aria-label=Label] option:checked").inner_text() == "zebra (not in this experiment)"
    page = opened.go(view="images", e="nosuch")
    assert "no experiment “nosuch”" in page.locator("main > [role=alert]").inner_text()


def test_arrays_that_are_stored_alike_keep_their_own_numbers(opened):
    page = opened.go(view="overview", e="noisy")
    first, second = page.evaluate(
        """async () => {
            const { values } = DATA.experiments[0].columns.find((column) => column.values.kind === "q2");
            const other = { ...values, low: values.low + 100, high: values.high + 100 };
            return [Array.from(await Arrays.read(values)), Array.from(await Arrays.read(other))];
        }"""
    )
    known = ~pd.isna(np.array(first, float))
    np.testing.assert_allclose(np.array(second, float)[known], np.array(first, float)[known] + 100, atol=1e-3)


def test_the_opposite_order_begins_with_a_value(opened, scores):  # noqa: F811
    page = opened.go(view="images", e="noisy", sort="aum", reverse="1")
    first = float(page.locator(".grid-caption .value").first.inner_text())
    assert first == pytest.approx(scores["aum"].max(), abs=0.01)
    page = opened.go(view="images", e="noisy", reverse="1")
    suspects = page.evaluate("async () => Array.from((await Experiment.open('noisy')).suspects)")
    opened_first = page.evaluate(
        "async () => (await Selection.chosen(await Experiment.open('noisy'), Address.state()))[0]"
    )
    assert opened_first == suspects[-1]


def test_a_slider_keeps_the_other_end_open_and_the_focus(opened, scores):  # noqa: F811
    page = opened.go(view="images", e="noisy", sort="loss", split="train")
    slider = page.get_by_role("slider", name="Lowest loss")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_selector(".chip")
    low = float(page.url.partition("ranges=loss%3A")[2].partition("%3A")[0])
    values = scores["loss"].to_numpy(float)[:TRAIN]
    assert shown(page) == (values >= low).sum() and low < np.median(values)
    assert page.evaluate(FOCUS) == "Lowest loss"
    highest = page.get_by_role("slider", name="Highest loss")
    highest.focus()
    highest.press("ArrowLeft")
    page.wait_for_function("() => Selection.ranges(Address.state())[0][2] < Infinity")
    page.get_by_role("slider", name="Highest loss").press("End")
    page.wait_for_function("() => Selection.ranges(Address.state())[0][2] === Infinity")
    assert shown(page) == (values >= low).sum()


def test_the_focus_stays_where_it_was(opened):
    page = opened.go(view="images", e="noisy")
    page.locator("select[aria-label=Split]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => document.querySelector('.count').innerText.startsWith('120 ')")
    assert page.evaluate(FOCUS) == "Split"
    page.locator("nav a", has_text="Scores").focus()
    page.keyboard.press("Enter")
    opened.settle("scores")
    assert page.evaluate(FOCUS) == "Scores"
    page.locator(".theme").click()
    page.wait_for_function(f"() => ({FOCUS})() === 'Light'")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main" and "view=scores" in page.url
    page = opened.go(view="review", e="noisy")
    page.locator(".keep").focus()
    for number in range(2):
        page.keyboard.press("Enter")
        page.wait_for_selector(f".count:has-text('decided {number + 1}:')")
        page.wait_for_function(f"() => ({FOCUS})() === 'Keep'")


def test_keys_decide_in_the_dialog_which_does_not_stay_over_other_views(opened):
    page = opened.go(view="review", e="noisy")
    page.locator("nav a", has_text="Images").click()
    opened.settle("images")
    page.locator(".grid-cell").nth(2).click()
    page.wait_for_selector("dialog[open] .card")
    page.keyboard.press("K")
    page.wait_for_selector("dialog .decision:has-text('Kept')")
    page.keyboard.press("u")
    page.wait_for_function("() => !document.querySelector('dialog .decision').textContent")
    page.keyboard.press("r")
    page.keyboard.type(NAMES[3][:4])
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .decision:has-text('Relabelled as')")
    page.keyboard.press("K")
    page.wait_for_selector("dialog .decision:has-text('Kept')")
    page.evaluate("() => history.go(-2)")
    opened.settle("review")
    page.wait_for_selector("dialog", state="hidden")
    page = opened.go(view="review", e="noisy", flag="undecided")
    assert page.locator(".count").inner_text().startswith("1 of 119 ")


def test_scores_of_a_role_lead_to_images_of_that_role(opened):
    page = opened.go(view="scores", e="noisy", role="test")
    page.get_by_role("region", name="Do other seeds order").get_by_role("link", name="aum", exact=True).click()
    opened.settle("images")
    assert "sort=aum_test" in page.url and shown(page) == TEST


LISTS = [
    ("example_id,given_label,decision\n3,zebra,drop\n", "Row 2: example 3 is labelled"),
    ("example_id,key,decision\n3,key 4,drop\n", "Row 2: example 3 is “key 3” here, not “key 4”"),
    ("example_id,decision\n,drop\n", "Row 2: there is no example without a number here"),
    ("example_id,decision\n3.0,drop\n", "Row 2: there is no example 3.0 here"),
    ("example_id,decision\n3,drop\n3,keep\n", "Row 3: example 3 is decided on a second time"),
    ("example_id;decision\r\n3;drop\r\n4;keep\r\n", "2 decisions taken over"),
    ('example_id,key,decision\n\n3,key 3,drop\n4,key "4,keep\n', "Row 4: example 4 is “key 4” here"),
    ("example_id,decision,new_label\n3,relabel,\n", "Row 2: relabel needs the label"),
    ("\ufeffexample_id\tdecision\n3\tdrop\n", "1 decision taken over"),
    ("name\nx\n", "The list has no columns example_id and decision"),
    ("example_id,decision,new_label\n3,relabel,bér\n".encode("latin-1"), "The list is not in UTF-8"),
]


def test_lists_are_read_as_the_workflow_reads_them(opened, tmp_path):
    page = opened.go(view="review", e="noisy")
    for text, said in LISTS:
        (tmp_path / "list.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        page.set_input_files("input[type=file]", tmp_path / "list.csv")
        page.wait_for_selector(f".said:has-text('{said}')")


def test_two_tabs_keep_each_others_decisions(opened):
    page = opened.go(view="review", e="noisy")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("body[data-ready]")
    page.keyboard.press("k")
    page.wait_for_selector(".count:has-text('decided 1:')")
    other.wait_for_selector(".count:has-text('decided 1: 1 kept')")
    other.keyboard.press("n")
    other.keyboard.press("d")
    page.wait_for_selector(".count:has-text('decided 2: 1 kept, 1 dropped')")
    other.reload()
    other.wait_for_selector(".count:has-text('decided 2: 1 kept, 1 dropped')")


def test_a_browser_that_keeps_nothing_is_said_to(opened):
    page = opened.page
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    opened.go(view="review", e="noisy").keyboard.press("k")
    page.wait_for_selector("[role=alert]:has-text('The browser keeps nothing')")
    assert "decided 1:" in page.locator(".count").inner_text()


def test_decisions_on_what_is_gone_are_not_exported(opened):
    page = opened.go(view="review", e="noisy")
    tags = page.evaluate("async () => Array.from((await Experiment.open('noisy')).tags)")
    made = [[tags[3], {"decision": "drop"}], [1, {"decision": "keep"}]]
    made += [[tags[4], {"decision": "relabel", "label": "gone"}]]
    keep = "(made) => localStorage.setItem('difficulty toy noisy', JSON.stringify(made))"
    page.evaluate(keep, [*made, None])  # which is no list of decisions
    page.reload()
    opened.settle("review")
    assert "decided 0:" in page.locator(".count").inner_text()
    page.evaluate(keep, made)
    page.reload()
    opened.settle("review")
    assert "decided 1:" in page.locator(".count").inner_text()
    assert "2 decisions made before are about images" in page.locator(".warning:has-text('2 decisions')").inner_text()
    exported = page.evaluate("async () => Decisions.asCsv(await Experiment.open('noisy'))")
    assert len(exported.strip().splitlines()) == 2


def test_what_was_kept_in_another_experiment_is_told(opened):
    page = opened.go(view="review", e="noisy")
    page.keyboard.press("k")
    page.wait_for_selector(".count:has-text('decided 1:')")
    first = page.evaluate("() => [...Decisions.of({ name: 'noisy' }).decided.keys()][0]")
    page = opened.go(view="images", e="clean", at=first)
    page.wait_for_selector("dialog .decision:has-text('Before, in noisy, labelled')")
