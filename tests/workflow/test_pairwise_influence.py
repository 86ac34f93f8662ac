"""Pairwise influence through the workflow: its values, and what a change computes again."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from difficulty.models.building import build_model
from difficulty.scores.influence.pairwise_blocks import common_queries, examples_beside, summed_blocks
from tests.support.suites import EVERYTHING
from tests.support.workflows import altered, rules, wildcards_of

SOME = EVERYTHING["analyses"]["influence"]["queries"]
STAGES = {"choose_queries", "score_pairwise_influence", "rank_influential", "plot_influential"}
FOLDER = "results/figures/experiments/noisy"
FIGURES = [f"{FOLDER}/influential/{name}/{strategy}.png" for name in SOME for strategy in ("identity", "ekfac")]
FIGURES.append(f"{FOLDER}/influence_agreement.png")


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


def test_identity_is_the_product_of_gradients_of_autograd(everything_source):
    labels = everything_source.table("noisy/labels.parquet").set_index("example_id")
    pixels = pd.read_parquet(everything_source.work / "results/datasets/few/pixels.parquet").set_index("example_id")
    images = torch.tensor(np.stack([np.frombuffer(each, np.uint8) for each in pixels["pixels"]])).float()
    train = torch.tensor((labels["split"] == "train").to_list())
    inputs = ((images - images[train].mean()) / images[train].std(correction=0)).reshape(-1, 1, 8, 8)
    inputs = dict(zip(pixels.index, inputs, strict=True))
    model = build_model({"architecture": "mlp", "width": 16}, 1, (8, 8), 10, seed=0).eval()
    folder = everything_source.work / "results/experiments/noisy/seed-1"
    model.load_state_dict(load_file(folder / "checkpoints/epoch-3.safetensors"))
    table = folder / "pairwise/some/identity-epoch-3.parquet"
    example_ids, queries = examples_beside(table), everything_source.table("noisy/queries/some.parquet")["example_id"]
    assert set(example_ids) == set(labels.index[labels["split"] == "train"])
    assert list(common_queries([table])) == list(queries)
    asked, trained = (
        gradients(model, [inputs[each] for each in ids], labels.loc[ids, "label"], objective)
        for ids, objective in ((queries, negative_margin), (example_ids, F.cross_entropy))
    )
    expected = (asked @ trained.T).numpy()
    (found,) = summed_blocks([table], len(queries))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_queries_are_what_the_configuration_asks_for(everything_source):
    labels = everything_source.table("noisy/labels.parquet").set_index("example_id")
    some = everything_source.table("noisy/queries/some.parquet")
    assert len(some) == 4 and set(some["label"]) <= {0, 1, 2}
    assert set(labels.loc[some["example_id"], "split"]) == {"test"}
    wrong = everything_source.table("noisy/queries/wrong.parquet")
    by_run = [everything_source.table(f"noisy/seed-{seed}/records.parquet").query("epoch == 3") for seed in (0, 1)]
    predicted = pd.concat([each.set_index("example_id")["predicted"] for each in by_run], axis=1)
    tests = labels[labels["split"] == "test"]
    majority = predicted.min(axis=1).loc[tests.index]  # of two equally frequent classes the lower one
    assert len(wrong) and set(wrong["example_id"]) == set(tests.index[majority != tests["label"]])


def test_the_most_influential_are_those_of_the_mean_over_runs(everything_source):
    folder = everything_source.work / "results/experiments/noisy"
    tables = [folder / f"seed-{seed}/pairwise/some/ekfac-epoch-3.parquet" for seed in (0, 1)]
    queries, example_ids = common_queries(tables), examples_beside(tables[0])
    mean = np.mean([next(summed_blocks([each], len(queries))) for each in tables], axis=0, dtype=float)
    found = everything_source.table("noisy/influential/some/ekfac.parquet")
    for query, row in zip(queries, mean, strict=True):
        rows = found[(found["query_id"] == query) & found["helpful"]]
        best = np.argsort(-row, kind="stable")[:10]
        assert list(rows["example_id"]) == list(example_ids[best])
        np.testing.assert_allclose(rows["influence"], row[best], rtol=1e-6)
    overall = everything_source.table("noisy/influential/some/ekfac-overall.parquet").set_index("example_id")
    expected = pd.Series(mean.mean(axis=0), example_ids)
    np.testing.assert_allclose(overall["influence"], expected.loc[overall.index], rtol=1e-6)


def test_every_set_and_strategy_has_its_figure(everything_source):
    assert all((everything_source.work / path).stat().st_size > 10_000 for path in FIGURES)


def test_another_number_of_influential_images_ranks_only(plan_everything):
    assert rules(plan_everything(analyses__influence__top=3)) == {"rank_influential", "plot_influential", "build_atlas"}


def test_another_rank_asks_again_but_fits_nothing(plan_everything):
    counts = plan_everything.counts(analyses__influence__rank=2)
    assert counts["score_pairwise_influence"] == 8
    assert not counts.keys() & {"fit_factors", "score_self_influence", "choose_queries", "train_model"}


def test_another_seed_asks_again_only_who_was_wrong(plan_everything):
    asked = wildcards_of(plan_everything(experiments__noisy__seeds=[0, 1, 2]), "score_pairwise_influence")
    assert {wildcards for wildcards in asked if "some" in wildcards and "seed-2" not in wildcards} == set()
    assert len([wildcards for wildcards in asked if "wrong" in wildcards]) == 6


def test_no_damping_without_curvature(plan_everything):
    jobs = plan_everything("scores", analyses__influence__damping={"relative": 0.5})
    scored = [
        wildcards
        for rule in ("score_self_influence", "score_pairwise_influence")
        for wildcards in wildcards_of(jobs, rule)
    ]
    assert scored and not any("identity" in wildcards for wildcards in scored)


def test_another_query_set_leaves_the_others_alone(plan_everything):
    jobs = plan_everything(analyses__influence__queries={**SOME, "more": {"count": 1}})
    compared = {rule for rule in rules(jobs) if "influence_agreement" in rule}
    assert rules(jobs) == {*STAGES, *compared, "check_experiment", "build_atlas"}
    assert all("more" in wildcards for rule, wildcards in jobs if rule in STAGES)


@pytest.mark.full
@pytest.mark.parametrize("table", ["seed-0/pairwise/some/ekfac-epoch-3-examples", "influential/some/ekfac-overall"])
def test_a_lost_table_is_made_again(everything, table):
    path = everything.work / "results/experiments/noisy" / f"{table}.parquet"
    path.unlink()
    assert path.name in everything.dry_run("scores")
    everything.run(str(path.relative_to(everything.work)))
    assert path.exists()


@pytest.mark.full
def test_no_query_gives_empty_tables_and_figures(everything):
    labels = everything.table("noisy/labels.parquet")
    absent = min(set(range(10)) - set(everything.table("noisy/queries/wrong.parquet")["label"]))
    assert absent in set(labels.loc[labels["split"] == "test", "label"])
    nothing = {"none": {"classes": [absent], "misclassified": True}}
    influence = {"experiments": ["noisy"], "strategies": ["ekfac"], "queries": nothing, "rank": 2}
    everything.configure(altered(EVERYTHING, analyses__influence=influence))
    everything.run("results/figures/experiments/noisy/influential/none/ekfac.png")
    assert everything.table("noisy/queries/none.parquet").empty
    assert everything.table("noisy/influential/none/ekfac.parquet").empty
    assert (everything.table("noisy/influential/none/ekfac-overall.parquet")["influence"] == 0).all()


def test_an_unknown_class_is_reported(everything):
    everything.configure(altered(EVERYTHING, analyses__influence__queries={"odd": {"classes": ["ten"]}}))
    result = everything.snakemake("--cores", "1", "results/experiments/noisy/queries/odd.parquet")
    assert result.returncode
    assert "analyses.influence.queries.odd.classes[0]: no test example of class 'ten'" in result.stderr
