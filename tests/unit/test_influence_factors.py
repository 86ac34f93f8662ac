"""Factors of influence scores: of parts, as files, and what is refused."""

import pytest
import torch
from torch import nn

from difficulty.errors import UserError
from difficulty.scores.influence.scoring import (
    Damping,
    assemble,
    covariance_sums,
    eigenbases,
    fit_factors,
    load_factors,
    load_sums,
    low_rank_error,
    merge,
    pairwise_influence,
    save_factors,
    save_sums,
    second_moment_sums,
    self_influence,
)
from tests.support.influence_networks import (
    DAMPING,
    EXACT,
    STRATEGIES,
    assert_close,
    batched,
    varied_network,
)


def parts_of(network, data, fisher, strategy, folder):
    """Factors from sums over the first 7 examples and over the rest, which went through files."""
    halves = [(0, batched(*(each[:7] for each in data), 3)), (7, batched(*(each[7:] for each in data), 4))]

    def through_files(several):
        paths = [folder / f"{number}.safetensors" for number in range(len(several))]
        for path, sums in zip(paths, several, strict=True):
            save_sums(path, sums)
        return merge([load_sums(path) for path in paths])

    options = {"fisher": fisher, "seed": 2}
    sums, bases = None, None
    if strategy != "diagonal":
        sums = through_files([covariance_sums(network, part, first=first, **options) for first, part in halves])
        bases = eigenbases(sums)
    if strategy != "kfac":
        several = [second_moment_sums(network, bases, part, first=first, **options) for first, part in halves]
        sums = through_files(several)
    return assemble(strategy, sums, bases)


@pytest.mark.parametrize("strategy", STRATEGIES[1:])
@pytest.mark.parametrize("fisher", ["empirical", "sampled"])
def test_sums_of_parts_give_the_factors_of_the_whole(network, data, batches, strategy, fisher, tmp_path):
    whole = fit_factors(network, batches, strategy, fisher, seed=2)
    merged = parts_of(network, data, fisher, strategy, tmp_path)
    assert merged.examples == whole.examples == 12 and merged.layers == whole.layers
    for name, squares in whole.squares.items():
        assert_close(merged.squares[name], squares, EXACT)
    expected = self_influence(network, whole, batches, DAMPING)
    assert_close(self_influence(network, merged, batches, DAMPING), expected)


def test_sums_of_different_things_are_not_merged(network, batches):
    sums = covariance_sums(network, batches, modules=["plain"])
    for other in (
        covariance_sums(network, batches, modules=["mixed"]),
        covariance_sums(network, batches, modules=["plain"], fisher="sampled"),
        covariance_sums(network, batches, modules=["plain"], seed=1),
        second_moment_sums(network, None, batches, modules=["plain"]),
    ):
        with pytest.raises(ValueError, match="cannot be merged"):
            merge([sums, other])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_factors_are_read_as_they_were_written(network, batches, strategy, tmp_path):
    factors = fit_factors(network, batches, strategy, "sampled", seed=5, modules=["dilated", "mixed"])
    save_factors(tmp_path / "a.safetensors", factors)
    again = load_factors(tmp_path / "a.safetensors")
    facts = ("strategy", "fisher", "seed", "examples", "layers")
    assert [getattr(again, fact) for fact in facts] == [getattr(factors, fact) for fact in facts]
    expected = self_influence(network, factors, batches, DAMPING)
    assert torch.equal(self_influence(network, again, batches, DAMPING), expected)
    save_factors(tmp_path / "b.safetensors", again)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_other_files_are_no_factors(network, batches, tmp_path):
    path = tmp_path / "f.safetensors"
    with pytest.raises(UserError, match=r"f.safetensors: is missing"):
        load_factors(path)
    save_sums(path, covariance_sums(network, batches, modules=["plain"]))
    with pytest.raises(UserError, match=r"f.safetensors: does not hold factors"):
        load_factors(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"f.safetensors: is damaged"):
        load_sums(path)


def test_sampled_labels_depend_on_the_seed_and_given_ones_do_not(network, batches):
    def scores(fisher, seed):
        return self_influence(network, fit_factors(network, batches, "ekfac", fisher, seed), batches, DAMPING)

    assert torch.equal(scores("sampled", 1), scores("sampled", 1))
    assert not torch.allclose(scores("sampled", 1), scores("sampled", 2))
    assert torch.equal(scores("empirical", 1), scores("empirical", 2))


def test_an_iterator_is_refused(network, batches):
    factors = fit_factors(network, batches, "ekfac")
    for strategy in STRATEGIES:
        with pytest.raises(TypeError, match="batches: a list_iterator is empty after one pass, and several are needed"):
            fit_factors(network, iter(batches), strategy)
    with pytest.raises(TypeError, match="train_batches: a generator is empty"):
        pairwise_influence(network, factors, (batch for batch in batches), batches)
    once = self_influence(network, factors, iter(batches))
    assert torch.equal(once, self_influence(network, factors, batches))


@pytest.mark.parametrize("part", ["", "dilated"])
def test_a_network_in_training_mode_is_refused(batches, part):
    model = varied_network()
    factors = fit_factors(model, batches, "identity")
    model.get_submodule(part).train()
    for use in (
        lambda: fit_factors(model, batches, "identity"),
        lambda: fit_factors(model, batches, "ekfac"),
        lambda: self_influence(model, factors, batches),
        lambda: pairwise_influence(model, factors, batches, batches),
    ):
        with pytest.raises(ValueError, match="in training mode; call eval"):
            use()


def test_factors_of_another_network_are_refused(network, batches):
    factors = fit_factors(network, batches, "diagonal")
    narrow = varied_network()
    narrow.mixed = nn.Linear(4, 2).double().eval()
    for other, text in (
        (narrow, "mixed is"),
        (nn.Sequential(nn.Linear(3, 2)).eval(), "no linear layer or convolution"),
    ):
        for use in (
            lambda: self_influence(other, factors, batches),  # noqa: B023
            lambda: pairwise_influence(other, factors, batches, batches),  # noqa: B023
        ):
            with pytest.raises(ValueError, match=f"factors are those of another network: .*{text}"):
                use()


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (lambda model, batches: fit_factors(model, batches, "eakfac"), "strategy is 'eakfac', not one of identity"),
        (lambda model, batches: fit_factors(model, batches, fisher="true"), "fisher is 'true', not one of empirical"),
        (lambda model, batches: fit_factors(model, []), "there is no example"),
        (lambda model, batches: Damping(), "give either relative or absolute"),
        (lambda model, batches: Damping(0.1, 0.1), "give either relative or absolute"),
        (lambda model, batches: Damping(absolute=0), "above 0"),
        (lambda model, batches: low_rank_error(model, fit_factors(model, batches), batches, 0), "rank is 0"),
        (
            lambda model, batches: pairwise_influence(
                model, fit_factors(model, batches, "identity"), batches, batches, measurement="logit"
            ),
            "measurement is 'logit', not one of loss, margin",
        ),
    ],
)
def test_wrong_arguments_are_told(network, batches, use, text):
    with pytest.raises(ValueError, match=text):
        use(network, batches)
