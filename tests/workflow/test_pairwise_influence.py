"""Pairwise influence through the workflow: its values, and what a change computes again."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from difficulty.models.building import build_model
from difficulty.scores.influence.pairwise_blocks import common_queries, examples_beside, summed_blocks
from tests.workflow.conftest import TINY, Workflow, changed

SOME = {"some": {"classes": [0, 1, 2], "count": 4}, "wrong": {"misclassified": True}}
STAGES = {"choose_queries", "score_pairwise_influence", "rank_influential", "plot_influential"}
FOLDER = "results/figures/experiments/noisy"
FIGURES = [f"{FOLDER}/influential/{name}/{strategy}.png" for name in SOME for strategy in ("identity", "ekfac")]
FIGURES.append(f"{FOLDER}/influence_agreement.png")


def with_queries(**settings):
    """Influence on two query sets, by two strategies, in two runs."""
    influence = {"strategies": ["identity", "ekfac"], "queries": SOME, "splits": ["train"], **settings}
    config = changed(analyses={"influence": influence})
    return {**config, "experiments": {"noisy": TINY["experiments"]["noisy"]}}


@pytest.fixture(scope="module")
def asked_source(tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("pairwise"), with_queries())
    workflow.run("scores", "runs", *FIGURES)
    return workflow


@pytest.fixture
def asked(asked_source, tmp_path) -> Workflow:
    return asked_source.copied(tmp_path / "copy")


def planned(workflow) -> set[tuple[str, str]]:
    """(rule, wildcards) of all jobs but figures of other things, which were never drawn."""
    drawn = ("plot_influential", "plot_influence_agreement")
    return {job for job in workflow.planned() if not job[0].startswith("plot_") or job[0] in drawn}


def gradients(model, inputs, labels, objective):
    """(N, all parameters), by autograd, one example at a time."""
    rows = []
    for image, label in zip(inputs, labels, strict=True):
        found = torch.autograd.grad(objective(model(image[None])[0], torch.tensor(label)), list(model.parameters()))
        rows.append(torch.cat([each.flatten() for each in found]))
    return torch.stack(rows)


def negative_margin(logits, label):
    others = torch.cat([logits[:label], logits[label + 1 :]])
    return others.logsumexp(0) - logits[label]


def test_identity_is_the_product_of_gradients_of_autograd(asked_source):
    labels = asked_source.table("noisy/labels.parquet").set_index("example_id")
    pixels = pd.read_parquet(asked_source.work / "results/datasets/few/pixels.parquet").set_index("example_id")
    images = torch.tensor(np.stack([np.frombuffer(each, np.uint8) for each in pixels["pixels"]])).float()
    train = torch.tensor((labels["split"] == "train").to_list())
    inputs = ((images - images[train].mean()) / images[train].std(correction=0)).reshape(-1, 1, 8, 8)
    inputs = dict(zip(pixels.index, inputs, strict=True))
    model = build_model({"architecture": "mlp", "width": 16}, 1, (8, 8), 10, seed=0).eval()
    folder = asked_source.work / "results/experiments/noisy/seed-1"
    model.load_state_dict(load_file(folder / "checkpoints/epoch-3.safetensors"))
    table = folder / "pairwise/some/identity-epoch-3.parquet"
    example_ids, queries = examples_beside(table), asked_source.table("noisy/queries/some.parquet")["example_id"]
    assert set(example_ids) == set(labels.index[labels["split"] == "train"])
    assert list(common_queries([table])) == list(queries)
    asked, trained = (
        gradients(model, [inputs[each] for each in ids], labels.loc[ids, "label"], objective)
        for ids, objective in ((queries, negative_margin), (example_ids, F.cross_entropy))
    )
    expected = (asked @ trained.T).numpy()
    (found,) = summed_blocks([table], len(queries))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_queries_are_what_the_configuration_asks_for(asked_source):
    labels = asked_source.table("noisy/labels.parquet").set_index("example_id")
    some = asked_source.table("noisy/queries/some.parquet")
    assert len(some) == 4 and set(some["label"]) <= {0, 1, 2}
    assert set(labels.loc[some["example_id"], "split"]) == {"test"}
    wrong = asked_source.table("noisy/queries/wrong.parquet")
    by_run = [asked_source.table(f"noisy/seed-{seed}/records.parquet").query("epoch == 3") for seed in (0, 1)]
    predicted = pd.concat([each.set_index("example_id")["predicted"] for each in by_run], axis=1)
    tests = labels[labels["split"] == "test"]
    majority = predicted.min(axis=1).loc[tests.index]  # of two equally frequent classes the lower one
    assert len(wrong) and set(wrong["example_id"]) == set(tests.index[majority != tests["label"]])


def test_the_most_influential_are_those_of_the_mean_over_runs(asked_source):
    folder = asked_source.work / "results/experiments/noisy"
    tables = [folder / f"seed-{seed}/pairwise/some/ekfac-epoch-3.parquet" for seed in (0, 1)]
    queries, example_ids = common_queries(tables), examples_beside(tables[0])
    mean = np.mean([next(summed_blocks([each], len(queries))) for each in tables], axis=0, dtype=float)
    found = asked_source.table("noisy/influential/some/ekfac.parquet")
    for query, row in zip(queries, mean, strict=True):
        rows = found[(found["query_id"] == query) & found["helpful"]]
        best = np.argsort(-row, kind="stable")[:10]
        assert list(rows["example_id"]) == list(example_ids[best])
        np.testing.assert_allclose(rows["influence"], row[best], rtol=1e-6)
    overall = asked_source.table("noisy/influential/some/ekfac-overall.parquet").set_index("example_id")
    expected = pd.Series(mean.mean(axis=0), example_ids)
    np.testing.assert_allclose(overall["influence"], expected.loc[overall.index], rtol=1e-6)


def test_every_set_and_strategy_has_its_figure(asked_source):
    assert all((asked_source.work / path).stat().st_size > 10_000 for path in FIGURES)


@pytest.mark.full
def test_another_number_of_influential_images_ranks_only(asked):
    asked.configure(with_queries(top=3))
    assert {rule for rule, _ in planned(asked)} == {"rank_influential", "plot_influential"}


def test_another_rank_asks_again_but_fits_nothing(asked):
    asked.configure(with_queries(rank=2))
    jobs = asked.counts()
    assert jobs["score_pairwise_influence"] == 8
    assert not jobs.keys() & {"fit_factors", "score_self_influence", "choose_queries", "train_model"}


def test_another_seed_asks_anew_only_who_was_wrong(asked):
    config = with_queries()
    asked.configure({**config, "defaults": {**config["defaults"], "seeds": [0, 1, 2]}})
    jobs = asked.planned()
    scored = {wildcards for rule, wildcards in jobs if rule == "score_pairwise_influence"}
    assert {wildcards for wildcards in scored if "some" in wildcards and "seed-2" not in wildcards} == set()
    assert len([wildcards for wildcards in scored if "wrong" in wildcards]) == 6


def test_no_damping_without_curvature(asked):
    asked.configure(with_queries(damping={"relative": 0.5}))
    scored = [wildcards for rule, wildcards in asked.planned() if rule.startswith("score_") and "-" in wildcards]
    assert scored and not any("identity" in wildcards for wildcards in scored)


@pytest.mark.full
@pytest.mark.parametrize("table", ["seed-0/pairwise/some/ekfac-epoch-3-examples", "influential/some/ekfac-overall"])
def test_a_lost_table_is_made_again(asked, table):
    path = asked.work / "results/experiments/noisy" / f"{table}.parquet"
    path.unlink()
    asked.run("scores")
    assert path.exists()


@pytest.mark.full
def test_another_query_set_leaves_the_others_alone(asked):
    asked.configure(with_queries(queries={**SOME, "more": {"count": 1}}))
    jobs = planned(asked)
    compared = {rule for rule, _ in jobs if "influence_agreement" in rule}
    assert {rule for rule, _ in jobs} == STAGES | compared
    assert all("more" in wildcards for rule, wildcards in jobs if rule in STAGES)


@pytest.mark.full
def test_no_query_gives_empty_tables_and_figures(asked):
    labels = asked.table("noisy/labels.parquet")
    absent = min(set(range(10)) - set(asked.table("noisy/queries/wrong.parquet")["label"]))
    assert absent in set(labels.loc[labels["split"] == "test", "label"])
    nothing = {"none": {"classes": [absent], "misclassified": True}}
    asked.configure(with_queries(queries=nothing, rank=2, strategies=["ekfac"]))
    asked.run("results/figures/experiments/noisy/influential/none/ekfac.png")
    assert asked.table("noisy/queries/none.parquet").empty
    assert asked.table("noisy/influential/none/ekfac.parquet").empty
    assert (asked.table("noisy/influential/none/ekfac-overall.parquet")["influence"] == 0).all()


def test_an_unknown_class_is_told(asked):
    asked.configure(with_queries(queries={"odd": {"classes": ["ten"]}}))
    result = asked.snakemake("--cores", "1", "results/experiments/noisy/queries/odd.parquet")
    assert result.returncode
    assert "analyses.influence.queries.odd.classes[0]: no test example of class 'ten'" in result.stderr
