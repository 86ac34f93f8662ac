"""Which pages there are, what they need, and which experiment they begin with."""

from difficulty.config.resolve import resolve
from difficulty.plan import paths
from difficulty.plan.plan import Plan

DEFAULTS = {"dataset": "digits", "architecture": "mlp", "epochs": 3, "optimizer": {"name": "sgd", "lr": 0.1}}


def planned(figures=None, **experiments) -> Plan:
    decisions = {"by": "list", "path": "mine.csv"}
    datasets = {"digits": {"source": "digits"}}
    datasets |= {"once": {"source": "subset", "of": "digits", "select": decisions}}
    datasets |= {"twice": {"source": "subset", "of": "once", "select": decisions}}
    sections = {"datasets": datasets, "defaults": DEFAULTS, "experiments": experiments, "figures": figures or {}}
    return Plan(resolve(sections), lambda *source: " ".join(source))


def test_planted_noise_comes_first_and_then_the_last_correction(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("example_id,decision\n0,keep\n")
    noisy = {"label_noise": {"kind": "symmetric", "fraction": 0.1}}
    plan = planned(plain={}, once={"dataset": "once"}, noisy=noisy, twice={"dataset": "twice"})
    assert list(plan.by_interest()) == ["noisy", "twice", "once", "plain"]
    assert plan.atlas.review.roots == ["digits"]  # subsets show pictures of what they were chosen from


def test_the_page_of_labels_to_check_needs_no_figure_and_no_comparison():
    plan = planned(plain={}, other={}, figures={"experiments": ["plain"]})
    tables = plan.atlas.review_tables()
    assert {paths.SUSPECTS_TABLE.format(experiment=name) for name in ("plain", "other")} <= {*tables}
    assert not {paths.CORRELATION.format(experiment="plain"), paths.DETECTIONS} & {*tables}
    assert paths.CORRELATION.format(experiment="plain") in plan.atlas.tables()
    assert paths.SUSPECTS_TABLE.format(experiment="other") not in plan.atlas.tables()
    assert plan.atlas.pages() == [paths.THUMBNAILS.format(dataset="digits"), paths.ATLAS]
