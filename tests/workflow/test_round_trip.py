"""From the list to a page, by keyboard to decisions, and from these back to the workflow, which trains on them."""

import pandas as pd

from tests.support.browser import new_window
from tests.support.suites import PARTS
from tests.support.workflows import altered

DECIDED = 20
FIXED = {"source": "subset", "of": "few", "select": {"by": "list", "path": "decisions.csv"}}
RECORDS = "results/experiments/fixed/seed-2/records.parquet"


def test_labels_corrected_on_the_page_are_trained_on(parts, chromium):
    parts.run("results/review.html")
    suspects = parts.table("plain/suspects.parquet").set_index("example_id")["given_label"].iloc[:DECIDED]
    names = sorted(suspects.unique())
    new_names = {}
    with new_window(chromium, (parts.work / "results" / "review.html").as_uri()) as opened:
        page = opened.go(view="review", e="plain")
        for number, (example, given) in enumerate(suspects.items()):
            page.wait_for_selector(f"dd:text-matches('example {example}\\\\)')")
            if number % 2:
                page.keyboard.press("d")
            else:
                new_names[example] = next(name for name in names if name != given)
                page.keyboard.press("r")
                page.keyboard.type(new_names[example])
                page.keyboard.press("Enter")
        with page.expect_download() as download:
            page.get_by_role("button", name="Export decisions").click()
        download.value.save_as(parts.work / "decisions.csv")

    parts.configure(altered(PARTS, datasets__fixed=FIXED, experiments__fixed={"dataset": "fixed", "seeds": [2]}))
    parts.run(RECORDS)
    few, fixed = (
        pd.read_parquet(parts.work / f"results/datasets/{name}/examples.parquet").set_index("example_id")["class_name"]
        for name in ("few", "fixed")
    )
    assert set(few.index) - set(fixed.index) == set(suspects.index[1::2])
    changed = fixed[fixed != few[fixed.index]]
    assert changed.to_dict() == new_names
    table = parts.table("fixed/labels.parquet").set_index("example_id")
    assert (table["label"] == table["clean_label"]).all() and not table["is_corrupt"].any()
    labels = table["label"]
    records = parts.table("fixed/seed-2/records.parquet").set_index("example_id")
    assert set(records.index) == set(fixed.index)
    assert ((records["predicted"] == labels[records.index]) == records["correct"]).all()
    number_of = dict(zip(fixed, labels[fixed.index], strict=True))
    assert labels[changed.index].tolist() == [number_of[name] for name in changed]
