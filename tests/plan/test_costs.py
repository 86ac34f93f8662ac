"""What jobs cost: amounts in closed form, sizes of data sets, corrections by finished runs, and what rules ask for."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from difficulty.config.resolve import resolve
from difficulty.config.training.inheritance import merged
from difficulty.costs import known_sizes
from difficulty.costs.estimates import Estimates, formula
from difficulty.costs.known_sizes import KnownSizes
from difficulty.costs.networks import NetworkFacts
from difficulty.costs.sizes import CIFAR10, Sizes
from difficulty.costs.speeds import Speeds, read_speeds, write_speeds
from difficulty.costs.work import MIB, Work
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.pixels import write_pixels
from difficulty.plan import paths
from difficulty.plan.plan import Plan
from difficulty.tables import write_table
from tests.support.rule_files import NotPlanned, jobs
from tests.support.suites import EVERYTHING, LABELS, PARTS
from tests.workflow.test_plans import EVERY_RULE, make_inputs

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load("""
datasets: {cifar: {source: cifar10}, half: {source: subset, of: cifar, select: {by: random, fraction: 0.5}}}
defaults:
  {dataset: cifar, architecture: resnet9, width: 64, epochs: 20, seeds: [0, 1], optimizer: {name: sgd, lr: 0.1},
  batch_size: 100, checkpoints: [0, 10, 20]}
experiments: {plain: {}, folds: {folds: 5}, half: {dataset: half}}
analyses: {vog: {keep_gradients: true}, prediction_depth: {}, influence: {strategies: [ekfac]}}
""")
FACTS = NetworkFacts(
    parameters=1000,
    state=1010,
    activations=500,
    layers=((27, 8, 100), (8, 10, 1)),
    probes=(3072, 500, 10),
    forward=1e-3,
    gradient=2e-3,
    step=3e-3,
)


class Measured(Speeds):
    """Speeds of a machine on which all networks have the same facts."""

    def network(self, network):
        return FACTS


def planned(folder: Path, **changes) -> Estimates:
    plan = Plan(resolve(merged(CONFIG, changes)), lambda script, *modules: script)
    return Estimates(plan, Measured(), KnownSizes(plan, folder / "sizes.json"))


def work(folder: Path, rule: str, experiment: str = "plain", changes: dict | None = None, **wildcards: str) -> Work:
    return planned(folder, **changes or {}).work(rule, {"experiment": experiment, **wildcards})


def test_training_steps_over_training_images_and_passes_over_all_and_2000_to_settle(tmp_path):
    found = work(tmp_path, "train_model")
    assert found.step == 20 * 50_000
    assert found.forward == 20 * 60_000 + 21 * 2_000  # at each epoch, and of the checkpoint of epoch 0
    assert work(tmp_path, "train_model", "folds").step == 20 * 40_000


def test_online_records_without_batch_norm_to_settle_take_no_pass(tmp_path):
    changes = {
        "defaults": {"records": "online", "batch_norm": "running"},
        "experiments": {"folds": None},
        "analyses": {"dynamics": {"records": "online"}},
    }
    assert work(tmp_path, "train_model", changes=changes).forward == 0


def test_disk_of_training_is_rows_of_records_and_numbers_of_saved_checkpoints(tmp_path):
    three, one = (
        work(tmp_path, "train_model", changes={"defaults": {"checkpoints": saved}}).kept
        for saved in ([0, 10, 20], "last")
    )
    assert (three - one) // 2 == pytest.approx(4 * FACTS.state, abs=10_000)  # names of layers
    twice = work(tmp_path, "train_model", changes={"defaults": {"epochs": 40, "checkpoints": "last"}}).kept
    assert (twice - one) / (20 * 60_000) == pytest.approx(33, abs=3)  # bytes of a row that was measured


def test_maps_of_gradients_are_two_bytes_a_pixel_at_most(tmp_path):
    found = work(tmp_path, "extract_gradients")
    images = 60_000 if "test" in planned(tmp_path).plan.vog.settings["splits"] else 50_000
    assert found.gradient == images
    assert 1.5 * 32 * 32 < found.kept / images <= 2 * 32 * 32 + 20


def test_streamed_gradients_are_of_every_checkpoint_of_a_stage(tmp_path):
    changes = {"analyses": {"vog": {"keep_gradients": False}}}
    estimates = planned(tmp_path, **changes)
    epochs = len(estimates.plan.vog.epochs("plain"))
    maps = work(tmp_path, "extract_gradients").gradient
    assert estimates.work("stream_vog", {"experiment": "plain"}).gradient == epochs * maps


def test_neighbours_are_compared_with_every_training_image_once(tmp_path):
    found = work(tmp_path, "probe_neighbors")
    pairs = 50_000 * (10_000 + 50_000 / 2)
    assert 1 <= found.products / ((3072 + 500 + 10) * pairs) < 1.5  # of whole tiles
    one_number = {"analyses": {"prediction_depth": {"numbers": 16}}}
    assert work(tmp_path, "probe_neighbors", changes=one_number).products < found.products / 50
    assert found.memory < 1.2 * 2000  # analyses.prediction_depth.memory
    assert found.temporary == 0  # 703 MiB at the input
    small = {"analyses": {"prediction_depth": {"memory": 1000}}}
    assert work(tmp_path, "probe_neighbors", changes=small).temporary == 4 * 3072 * 60_000


def test_a_bank_of_neighbours_bounds_comparisons(tmp_path):
    estimates, wildcards = planned(tmp_path), {"experiment": "plain"}
    whole = estimates.work("probe_neighbors", wildcards).products
    estimates.plan.depth.settings["bank"] = 5000
    assert estimates.work("probe_neighbors", wildcards).products < whole / 5


def test_fast_statistics_of_very_many_images_take_a_tenth(tmp_path):
    estimates, wildcards = planned(tmp_path, analyses={"images": {}}), {"dataset": "cifar"}
    all_of_them = estimates.work("compute_image_statistics", wildcards).seconds
    estimates.plan.images.settings["fast_above"] = 60
    assert estimates.work("compute_image_statistics", wildcards).seconds < all_of_them / 3
    estimates.plan.images.settings["fast_above"] = 62  # 61.4 million pixels
    assert estimates.work("compute_image_statistics", wildcards).seconds == all_of_them


def test_stages_of_tables_keep_to_a_budget_of_memory(tmp_path):
    estimates = planned(tmp_path, defaults={"seeds": list(range(300))}, memory=1024)
    assert estimates.cost("score_dynamics", {"experiment": "plain"}).memory == 1024
    assert estimates.cost("collect_evaluations", {}).memory < 200


def test_preparation_takes_memory_for_a_part_of_the_images(tmp_path):
    small, large = (
        work(tmp_path, "prepare_dataset", changes={"datasets": {"cifar": {"size": size}}}, dataset="cifar")
        for size in (32, 64)
    )
    assert small.memory == large.memory < 600 and small.kept < large.kept / 2


def test_factors_on_disk_are_squares_of_the_sides_of_layers_and_eigenvalues(tmp_path):
    size = 4 * (27**2 + 8**2 + 27 * 8 + 8**2 + 10**2 + 8 * 10)
    assert work(tmp_path, "fit_factors", variant="ekfac").kept == pytest.approx(size, abs=10_000)
    assert work(tmp_path, "fit_factors", variant="ekfac").gradient == 2 * 50_000


def test_a_subset_has_its_fraction_of_training_images_and_all_test_images(tmp_path):
    sizes = planned(tmp_path).sizes.of("half")
    assert (sizes.train, sizes.test, sizes.numbers) == (25_000, 10_000, 3072)


def test_limits_sizes_and_colours_of_a_source_count(tmp_path):
    changes = {"size": 16, "color": "grey", "limit": {"train": 1000}}
    sizes = planned(tmp_path, datasets={"cifar": changes}).sizes.of("cifar")
    assert (sizes.train, sizes.test, sizes.numbers, sizes.note) == (1000, 10_000, 256, "")


def test_images_that_nobody_has_counted_are_guessed_until_they_are(tmp_path):
    photos = {"source": "image_folder", "path": "photos", "size": 64}
    estimates = planned(
        tmp_path, datasets={"photos": photos}, defaults={"dataset": "photos"}, experiments={"half": None}
    )
    assert list(estimates.sizes.unsurveyed()) == ["photos"]
    assert "50,000 images" in estimates.sizes.of("photos").note
    estimates.sizes.surveyed("photos", Sizes(300, 100, 3, 64, 64, 3, 9000))
    assert estimates.sizes.unsurveyed() == {}
    later = KnownSizes(estimates.plan, tmp_path / "sizes.json")
    assert later.of("photos").train == 300
    assert list(later.unsurveyed()) == ["photos"]  # there may be more by now


def test_images_over_four_gib_stay_in_their_files():
    large = replace(CIFAR10, height=224, width=224)
    assert not CIFAR10.in_files and large.in_files and large.decoded == 0


def test_a_prepared_data_set_is_as_large_as_its_tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    estimates, wildcards = planned(tmp_path), {"dataset": "cifar"}
    before = estimates.cost("pack_thumbnails", wildcards).cpu
    ids = np.arange(30)
    few = pd.DataFrame({"split": ["train"] * 20 + ["test"] * 10, "label": ids % 7})
    texts = {name: [f"{number}" for number in ids] for name in ("key", "class_name", "file", "sha256")}
    few = few.assign(example_id=ids, original_index=ids, duplicate_of=pd.array([None] * 30, "Int64"), **texts)
    write_table(few, paths.EXAMPLES.format(dataset="cifar"), EXAMPLES, {})
    write_pixels(paths.PIXELS.format(dataset="cifar"), ids, np.zeros((30, 9, 8, 1), np.uint8), {})
    assert estimates.cost("pack_thumbnails", wildcards).cpu < before
    sizes = estimates.sizes.of("cifar")
    assert (sizes.train, sizes.test, sizes.classes, sizes.height, sizes.width) == (20, 10, 7, 9, 8)
    again = KnownSizes(estimates.plan, tmp_path / "sizes.json")
    monkeypatch.setattr(known_sizes, "_read", None)  # it is remembered
    assert again.of("cifar") == sizes


@pytest.fixture
def every_job(tmp_path, monkeypatch):
    """(estimates, jobs) of a configuration that needs every rule."""
    make_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    plan = Plan(resolve(EVERY_RULE), lambda script, *modules: script)
    return Estimates(plan, Speeds(), KnownSizes(plan)), jobs(plan)


def test_every_job_of_every_rule_has_a_cost(every_job):
    estimates, found = every_job
    for job in found:
        cost = estimates.cost(job.rule, job.wildcards)
        assert 0 < cost.cpu < 1e6 and 50 < cost.memory < 1e5, job
        assert min(cost.kept, cost.temporary, cost.device) >= 0, job


def test_a_rule_without_a_formula_is_an_error():
    with pytest.raises(KeyError, match="dance"):
        formula("dance")


def test_another_attempt_asks_for_as_much_again(tmp_path):
    estimates, wildcards = planned(tmp_path), {"experiment": "plain"}
    once, twice = (estimates.memory("train_model", wildcards, attempt) for attempt in (1, 2))
    assert twice == 2 * once > 2 * 1.3 * estimates.cost("train_model", wildcards).memory - 2
    assert estimates.memory("train_model", wildcards, may_have_gpu=True) > once
    estimates, wildcards = planned(tmp_path), {"experiment": "half"}
    once, twice = (estimates.minutes("train_model", wildcards, attempt) for attempt in (1, 2))
    assert twice == 2 * once and once > estimates.cost("train_model", wildcards).cpu / 60


def test_several_processes_ask_for_the_memory_of_each(tmp_path):
    estimates = planned(tmp_path, analyses={"images": {}})
    one = estimates.cost("compute_image_statistics", {"dataset": "cifar"}).memory
    assert estimates.memory("compute_image_statistics", {"dataset": "cifar"}) == round(1.3 * 4 * one)
    files = planned(tmp_path, datasets={"cifar": {"storage": "files"}}, defaults={"workers": 3})
    assert files.cost("train_model", {"experiment": "plain"}).processes == pytest.approx(1 + 3 * 0.3)


def test_no_job_asks_for_more_than_a_day(tmp_path):
    estimates = planned(tmp_path, defaults={"epochs": 100_000, "checkpoints": "last"})
    assert estimates.minutes("train_model", {"experiment": "plain"}, 3) == 24 * 60


def test_small_jobs_ask_for_a_least_amount(tmp_path):
    estimates = planned(tmp_path)
    assert (estimates.memory("collect_evaluations", {}), estimates.minutes("collect_evaluations", {})) == (500, 10)


def test_a_correction_concerns_what_a_job_takes_beyond_its_start():
    job = Work(seconds=10, memory=100, kept=1000)
    plain, corrected = Speeds().cost(job), Speeds(corrections={"rule": (2, 3, 0.5)}).cost(job, "rule")
    assert corrected.cpu == plain.cpu + 10
    assert (corrected.memory, corrected.kept) == (plain.memory + 200, 500)


def test_a_network_takes_time_and_memory_by_its_facts():
    work = Work(
        "network", planned(Path()).job({"experiment": "plain"}).network, forward=100, step=10, images_at_once=128
    )
    cost, start = Measured().cost(work), Speeds().starts["network"]
    assert cost.cpu == pytest.approx(start[0] + 100 * FACTS.forward + 10 * FACTS.step)
    assert cost.memory == pytest.approx(start[1] + 2.5 * 128 * FACTS.activations * 4 / MIB)
    assert cost.is_of_network and not Measured().cost(Work()).is_of_network


def test_a_calibration_is_read_as_it_was_written(tmp_path):
    speeds = Speeds(tables=2.0, networks={"net": FACTS}, corrections={"train_model": (1.5, 1.0, 1.0)})
    write_speeds(speeds, tmp_path / "calibration.json")
    read = read_speeds(tmp_path / "calibration.json")
    assert (read.tables, read.networks["net"]) == (2.0, FACTS)
    assert tuple(read.corrections["train_model"]) == (1.5, 1.0, 1.0)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 0}', '{"version": 1, "networks": 3}'])
def test_a_calibration_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    assert read_speeds(tmp_path / "calibration.json").networks == {}


def test_sizes_that_cannot_be_read_are_none(tmp_path):
    (tmp_path / "sizes.json").write_text(json.dumps({"prepared": {"cifar": 3}, "surveyed": {"x": []}}))
    assert planned(tmp_path).sizes.of("cifar") == CIFAR10


CONFIGURATIONS = {"everything": EVERYTHING, "labels": LABELS, "parts": PARTS}
CONFIGURATIONS |= {
    file.stem: yaml.safe_load(file.read_text()) for file in [ROOT / "config.yaml", *(ROOT / "recipes").glob("*.yaml")]
}


@pytest.mark.parametrize("name", sorted(CONFIGURATIONS))
def test_every_stage_of_our_configurations_has_a_cost(name, tmp_path, monkeypatch):
    """Of those whose images are there; of the others, training and evaluation."""
    monkeypatch.chdir(tmp_path)
    plan = Plan(resolve(CONFIGURATIONS[name]), lambda script, *modules: script)
    estimates = Estimates(plan, Speeds(), KnownSizes(plan))
    try:
        wanted = [(job.rule, job.wildcards) for job in jobs(plan)]
    except NotPlanned:
        wanted = [("train_model", {"experiment": name}) for name in plan.training.trained]
        wanted += [("evaluate_run", {"experiment": name}) for name in plan.training.with_checkpoints]
    costs = [estimates.cost(rule, wildcards) for rule, wildcards in wanted]
    assert all(cost.cpu > 0 and cost.memory > 0 for cost in costs)
