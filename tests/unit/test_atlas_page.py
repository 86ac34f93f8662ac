"""The page: what may run in it, its captions, and what it says of the first suspects."""

import base64
import hashlib
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from difficulty.analysis.suspect_evidence import nearest_images, predictions_over_epochs
from difficulty.atlas import figure_places
from difficulty.atlas.captions import QUESTIONS, paragraphs, question_of
from difficulty.atlas.methods import times_of_stages
from difficulty.atlas.page import inert_json, render
from difficulty.tables import write_table
from difficulty.training.run_tables import RECORDS


class Scripts(HTMLParser):
    """The scripts of a page, and its content security policy."""

    def __init__(self, page):
        super().__init__()
        self.found, self.policy, self._inside = [], "", False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "script":
            self._inside = True
            self.found.append([attributes.get("type"), ""])
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.found[-1][1] += data


@pytest.fixture(scope="module")
def page():
    return render({"title": "<b>Title</b>", "name": "</script><script>alert(1)</script>"}, {"a0": "QUJD"})


def test_nothing_but_its_own_scripts_may_run(page):
    scripts = Scripts(page)
    running = [text for kind, text in scripts.found if kind is None]
    digests = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in running}
    allowed = next(part for part in scripts.policy.split("; ") if part.startswith("script-src")).split()[1:]
    assert digests == {*allowed} and len(running) == 4
    assert "default-src 'none'" in scripts.policy and "http" not in scripts.policy


def test_texts_of_the_data_stay_texts(page):
    assert "<b>Title" not in page and "</script><script>alert" not in page
    assert inert_json({"a": "<&>\u2028"}) == '{"a":"\\u003c\\u0026\\u003e\\u2028"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        inert_json({"a": float("nan")})


def test_every_caption_answers_a_question():
    names = {path.stem for path in figure_places.CAPTIONS.glob("*.rst")}
    assert names == {caption for captions in QUESTIONS.values() for caption in captions}
    assert question_of("a new one") == "Further figures"


@pytest.mark.parametrize(
    ("place", "caption", "wildcards"),
    [
        ("evaluations", "evaluations", {}),
        ("datasets/digits/samples", "samples", {"dataset": "digits"}),
        ("experiments/noisy/gallery", "gallery", {"experiment": "noisy"}),
        ("agreement/noise/order", "order_stability", {"group": "noise"}),
        ("comparisons/a/top1", "comparison", {"comparison": "a", "measure": "top1"}),
        ("vog-toy/distance-test", "vog_toy_distance", {"split": "test"}),
        ("generalization/halves/traits", "traits", {"study": "halves"}),
    ],
)
def test_places_of_figures(place, caption, wildcards):
    assert figure_places.described(place) == (caption, wildcards)


def test_captions_name_what_they_are_of():
    first = paragraphs("gallery", {"experiment": "noisy"})[0]
    assert {"tag": "strong", "text": "noisy"} in first and {"tag": "em", "text": "given"} in first


def records(folder, roles, correct, predicted):
    """Records of a run on three examples: arrays of epochs x examples."""
    epochs = len(correct)
    table = pd.DataFrame(
        {
            "example_id": [4, 7, 9] * epochs,
            "epoch": np.repeat(np.arange(1, epochs + 1), 3),
            "role": list(roles) * epochs,
            "predicted": np.ravel(predicted),
            "correct": np.ravel(correct),
        }
    )
    numbers = dict.fromkeys(("probability", "margin", "loss", "el2n", "entropy", "feature_norm"), 0.5)
    write_table(table.assign(**numbers), folder / "records.parquet", RECORDS)
    return folder / "records.parquet"


def test_predictions_over_epochs(tmp_path):
    runs = [
        records(tmp_path / "seed-0", ("train", "train", "test"), [[1, 0, 1], [1, 1, 1]], [[2, 0, 1], [2, 1, 1]]),
        records(tmp_path / "seed-1", ("train", "validation", "test"), [[0, 0, 0], [1, 0, 1]], [[0, 3, 1], [2, 3, 1]]),
    ]
    found = predictions_over_epochs(runs, [7, 4])
    assert found.index.tolist() == [7, 4] and found["epochs"].tolist() == [[1, 2], [1, 2]]
    assert found["agreeing"].tolist() == [[0, 1], [0.5, 1]] and found["predicted"].tolist() == [[0, 1], [0, 2]]
    assert found["held_out"].tolist()[0] == 0 and np.isnan(found["held_out"].tolist()[1])


def test_a_shorter_run_says_after_its_own_last_epoch_what_it_predicts_of_what_it_held_out(tmp_path):
    roles = ("train", "validation", "test")
    long = records(tmp_path / "seed-0", ("train",) * 3, np.ones((100, 3), bool), np.ones((100, 3), int))
    short = records(tmp_path / "seed-1", roles, [[0, 0, 0], [1, 0, 1], [1, 1, 1]], [[0, 3, 1], [2, 3, 1], [2, 3, 1]])
    found = predictions_over_epochs([long, short], [7, 4])  # the third epoch is not among the forty that are shown
    assert found["held_out"].tolist()[0] == 1 and 3 not in found["epochs"].iloc[0]


def test_of_many_epochs_some_are_shown(tmp_path):
    run = records(tmp_path / "seed-0", ("train",) * 3, np.ones((100, 3), bool), np.zeros((100, 3), int))
    epochs = predictions_over_epochs([run], [4])["epochs"].iloc[0]
    assert len(epochs) == 40 and epochs[0] == 1 and epochs[-1] == 100


def test_nearest_images_are_those_with_the_smallest_angle():
    vectors, asked = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32), np.array([0, 3, 48])
    distances = cdist(vectors[asked], vectors, "cosine")
    distances[np.arange(3), asked] = np.inf
    np.testing.assert_array_equal(nearest_images(vectors, asked, 5), np.argsort(distances, axis=1)[:, :5])
    assert nearest_images(vectors[:3], np.array([1]), 8).shape == (1, 2)
    alike = nearest_images(np.ones((9, 4), np.float32), np.arange(9), 3)
    assert alike.shape == (9, 3) and (alike != np.arange(9)[:, None]).all()


def test_times_of_stages(tmp_path):
    end = "2026-12-01 10:00:00,000 INFO took {} MB of memory\n"
    for name, text in (
        ("experiments/plain/seed-0/train_model", end.format("9.0 s of CPU time, at most 1,376")),
        ("experiments/plain/seed-1/train_model", end.format("1,019.5 s of CPU time, at most 400")),
        ("experiments/plain/seed-0-fold-1/probe_neighbors/epoch-3", end.format("0.4 s of CPU time, at most 98")),
        ("figures/vog-toy/plot_vog_toy_distance-test", end.format("0.3 s of CPU time, at most 97")),
        ("figures/plot_evaluations", end.format("0.2 s of CPU time, at most 96")),
        ("show_plan", end.format("0.1 s of CPU time, at most 95")),
        ("build_atlas", "INFO has begun\n"),
        ("Upper", end.format("0.2 s of CPU time, at most 96")),
        ("plot_runs", end.format("0.2.1 s of CPU time, at most 96")),
    ):
        log, benchmark = tmp_path / "logs" / f"{name}.log", tmp_path / "benchmarks" / f"{name}.tsv"
        for path in (log, benchmark):
            path.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
        benchmark.write_text("s\th:m:s\tmax_rss\tcpu_time\n10\t-\t540\t-\n")
    plan = "stage,jobs,done,cpu_s,memory_mib\ntrain_model,2,0,900.0,830\nprobe_neighbors,3,0,1.0,100\n"
    (tmp_path / "plan.csv").write_text(plan)
    first, second, *others = times_of_stages(tmp_path)
    known = {"stage": "train_model", "jobs": 2, "seconds": 20, "cpu_seconds": 1028.5, "memory": 1376}
    assert first == {**known, "estimated_cpu_seconds": 900, "estimated_memory": 830}
    assert second == {"stage": "probe_neighbors", "jobs": 1, "seconds": 10, "cpu_seconds": 0.4, "memory": 98}
    assert [row["stage"] for row in others] == ["plot_vog_toy_distance", "plot_evaluations"]
    for damaged in (b"\xff\xfe", b"other,columns\n1,2\n", b"stage,jobs,cpu_s\ntrain_model,nan,inf\n"):
        (tmp_path / "plan.csv").write_bytes(damaged)
        assert "estimated_memory" not in times_of_stages(tmp_path)[0]
