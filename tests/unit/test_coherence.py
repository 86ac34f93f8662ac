"""Coherence of gradients against closed forms and autograd of the mean loss; its groups and its figure."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from difficulty.figures.coherence.groups import coherence_figure
from difficulty.models.building import build_model
from difficulty.scores.coherence.measure import coherence
from difficulty.scores.coherence.tables import ALL, coherence_rows, sampled_groups
from tests.support.figure_reading import by_gid, said

EXACT = 1e-9  # float64


class Plain(nn.Module):
    """Logits x @ W^T of inputs (B, d, 1, 1): the gradient of one example is (p - onehot) x^T."""

    def __init__(self, inputs: int, classes: int):
        super().__init__()
        self.linear = nn.Linear(inputs, classes, bias=False).double()

    def forward(self, images):
        return self.linear(images.flatten(1))


def plain(inputs, classes=3):
    torch.manual_seed(0)
    return Plain(inputs, classes).eval()


def as_images(rows):
    return torch.as_tensor(rows, dtype=torch.float64)[:, :, None, None]


def test_equal_examples_are_coherent():
    found = coherence(plain(4), as_images([[1, 2, 3, 4]]).expand(5, -1, -1, -1), torch.full((5,), 2))
    assert found.examples == 5
    assert found.alphas[ALL] == pytest.approx(1, abs=EXACT)


def test_orthogonal_inputs_have_one_over_their_number_where_gradients_are_equally_long():
    model = plain(6)
    nn.init.zeros_(model.linear.weight)  # so that every softmax is the same
    found = coherence(model, as_images(torch.eye(6)), torch.tensor([0, 1, 2, 0, 1, 2]))
    assert found.alphas[ALL] == pytest.approx(1 / 6, abs=EXACT)


def test_opposite_gradients_cancel():
    model = plain(2, classes=2)
    nn.init.zeros_(model.linear.weight)
    found = coherence(model, as_images([[1, 3], [1, 3]]), torch.tensor([0, 1]))
    assert found.alphas[ALL] == pytest.approx(0, abs=EXACT)


def test_closed_form_of_a_linear_softmax():
    model, draws = plain(5, 4), torch.Generator().manual_seed(1)
    rows = torch.randn(7, 5, generator=draws, dtype=torch.float64)
    labels = torch.randint(0, 4, (7,), generator=draws)
    errors = (rows @ model.linear.weight.T).softmax(1) - F.one_hot(labels, 4)
    gradients = torch.einsum("nc,nd->ncd", errors, rows).flatten(1)
    expected = gradients.mean(0).square().sum() / gradients.square().sum(1).mean()
    assert coherence(model, as_images(rows), labels).alphas[ALL] == pytest.approx(expected.item(), abs=EXACT)


def test_layers_of_a_network_agree_with_autograd_of_the_mean_loss():
    model = build_model({"architecture": "resnet9", "width": 4}, 1, (8, 8), 10, seed=0).double().eval()
    images = torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    labels = torch.arange(6)
    found = coherence(model, images, labels).alphas
    assert set(found) == {ALL, *(name.rpartition(".")[0] for name, _ in model.named_parameters())}
    parameters = dict(model.named_parameters())

    def gradients(rows):
        return torch.autograd.grad(F.cross_entropy(model(images[rows]), labels[rows]), list(parameters.values()))

    mean, own = gradients(slice(6)), [gradients(slice(row, row + 1)) for row in range(6)]
    for owner, alpha in found.items():
        rows = [row for row, name in enumerate(parameters) if owner in (ALL, name.rpartition(".")[0])]
        length = sum(mean[row].square().sum() for row in rows)
        mean_length = sum(each[row].square().sum() for each in own for row in rows) / 6
        assert alpha == pytest.approx((length / mean_length).item(), abs=EXACT)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_nothing_to_learn_has_no_coherence():
    class Constant(Plain):
        def forward(self, images):
            return self.linear(images.flatten(1) * 0)

    model = Constant(3, 2).eval()
    assert math.isnan(coherence(model, as_images([[1, 2, 3]]), torch.tensor([0])).alphas[ALL])


@pytest.mark.parametrize(("training", "count", "text"), [(True, 2, "is in training mode"), (False, 0, "no example")])
def test_misuse_is_told(training, count, text):
    model = plain(2).train(training)
    with pytest.raises(ValueError, match=text):
        coherence(model, as_images(torch.ones(count, 2)), torch.zeros(count, dtype=torch.int64))


def test_groups_are_equally_large_and_drawn_from_their_own():
    corrupt, hardness = np.arange(100) < 30, np.arange(100.0)
    hardness[99] = np.nan
    groups = sampled_groups(corrupt, hardness, examples=20, fraction=0.1, seed=0)
    assert list(groups) == ["train", "pristine", "corrupt", "easy", "hard"]
    assert {len(rows) for rows in groups.values()} == {9}  # a tenth of the 99 with a score
    assert all(len(set(rows)) == 9 and (np.diff(rows) > 0).all() for rows in groups.values())
    assert corrupt[groups["corrupt"]].all() and not corrupt[groups["pristine"]].any()
    assert set(groups["easy"]) == set(range(9)) and set(groups["hard"]) == set(range(90, 99))
    again = sampled_groups(corrupt, hardness, examples=20, fraction=0.1, seed=0)
    assert all((rows == again[name]).all() for name, rows in groups.items())


def test_without_planted_labels_and_scores_only_a_sample_is_left():
    groups = sampled_groups(np.zeros(5, bool), np.full(5, np.nan), examples=3, fraction=0.5, seed=0)
    assert list(groups) == ["train"] and len(groups["train"]) == 3


def run_table(alpha=0.5, layers=("all", "first", "second"), groups=("train", "pristine", "corrupt")):
    parts = [
        coherence_rows(epoch, group, 10, dict.fromkeys(layers, alpha / (row + 1)))
        for epoch in (0, 1, 2)
        for row, group in enumerate(groups)
    ]
    return pd.concat(parts)


def test_figure_shows_how_many_examples_each_one_helps():
    figure = coherence_figure([run_table(0.4), run_table(0.6)], "t")
    (line,) = by_gid(figure, "pristine")
    np.testing.assert_allclose(line.get_xydata(), [[0, 2.5], [1, 2.5], [2, 2.5]])
    (dots,) = by_gid(figure, "corrupt by layer")
    np.testing.assert_allclose(dots.get_xdata(), [10 * 0.5 / 3] * 2)
    assert "Mean over 2 runs" in said(figure)


def test_figure_without_coherence_says_so():
    assert "no gradient has a coherence" in said(coherence_figure([run_table(float("nan"))], "t"))
