"""RM3, M3 and RA3 against trajectories by hand, NumPy's median and plain arithmetic; their state and their errors."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from difficulty.source_digest import SourceDigests
from difficulty.training.optimizers import M3, RA3, RM3, three_gradients
from difficulty.training.partial_run import PartialRun

ROOT = Path(__file__).parents[2]
NAMES = ["sgd", "adam", "adamw", "rm3", "m3", "ra3"]
ALL = pytest.mark.parametrize("optimizer_class", [RM3, M3, RA3])
# Five gradients of one weight, and where it is after each of five steps from 10 with a learning rate of 0.5: the
# medians of three in a row are 2, 6, 6; the means 3, 5, 5.
GRADIENTS = [2.0, 6.0, 1.0, 8.0, 6.0]
TRAJECTORIES = [
    (RM3, [10, 10, 9, 6, 3]),
    (M3, [10, 10, 9, 9, 9]),
    (RA3, [10, 10, 8.5, 6, 3.5]),
]


def feed(optimizer, *gradients):
    """One step with the given gradients of the parameters in order; None for none."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()


def weight(*values):
    return torch.tensor(values, requires_grad=True)


def of_many_magnitudes(shape, seed=0):
    """float32 of both signs from 1e-30 to 1e30, with ties and infinities."""
    draws = np.random.default_rng(seed)
    values = draws.normal(size=shape) * 10.0 ** draws.integers(-30, 31, shape)
    values[draws.random(shape) < 0.1] = 1.0
    values[draws.random(shape) < 0.02] = np.inf
    values[draws.random(shape) < 0.02] = -np.inf
    return values.astype(np.float32)


@pytest.mark.parametrize(("optimizer_class", "expected"), TRAJECTORIES)
def test_trajectories_by_hand(optimizer_class, expected):
    w = weight(10.0)
    optimizer = optimizer_class([w], lr=0.5)
    positions = []
    for gradient in GRADIENTS:
        feed(optimizer, torch.tensor([gradient]))
        positions.append(w.item())
    assert positions == expected


@pytest.mark.parametrize("block", [7, 2**15])
def test_steps_are_numpys_medians(block, monkeypatch):
    monkeypatch.setattr(three_gradients, "_BLOCK", block)
    gradients = of_many_magnitudes((12, 40, 25))
    w = torch.zeros(40, 25, requires_grad=True)
    optimizer = RM3([w], lr=1.0)
    for number, gradient in enumerate(gradients):
        feed(optimizer, torch.from_numpy(gradient))
        last = gradients[max(0, number - 2) : number + 1]
        expected = np.median(last, axis=0) if number >= 2 else np.zeros_like(gradient)
        np.testing.assert_array_equal(-w.detach().numpy(), expected)
        torch.nn.init.zeros_(w)


def test_median_does_not_round_where_sum_less_extremes_does():
    three = [torch.tensor([value]) for value in (1e30, 1.0, -1e30)]
    assert sum(three) - min(three) - max(three) != 1
    assert all(
        three_gradients.median_of_three(*[[three[i]] for i in order])[0] == 1 for order in [(0, 1, 2), (2, 0, 1)]
    )


@pytest.mark.parametrize("position", range(3))
def test_nan_in_one_gradient_is_nan_in_the_step_as_with_numpy(position):
    three = [torch.tensor([value]) for value in (1.0, 2.0, 3.0)]
    three[position][:] = torch.nan
    assert three_gradients.median_of_three(*[[tensor] for tensor in three])[0].isnan()


def test_lists_of_several_tensors_give_what_one_by_one_does():
    """As on devices that get all at once."""
    draws = torch.Generator().manual_seed(0)
    lists = [[torch.randn(shape, generator=draws) for shape in ((3, 4), (5,), ())] for _ in range(3)]
    together = three_gradients.median_of_three(*lists)
    for found, *three in zip(together, *lists, strict=True):
        np.testing.assert_array_equal(found, np.median(np.stack(three), axis=0))


@ALL
def test_other_devices_get_all_tensors_of_a_type_at_once(optimizer_class, monkeypatch):
    """Shapes only: on the meta device nothing is computed."""
    shapes = ((3, 4), (5,), (2, 3, 4, 4), ())
    parameters = [torch.zeros(shape, device="meta", requires_grad=True) for shape in shapes]
    sizes = []
    combined = optimizer_class.combined
    monkeypatch.setattr(optimizer_class, "combined", lambda self, *of: sizes.append(len(of[0])) or combined(self, *of))
    optimizer = optimizer_class(parameters, lr=0.1, weight_decay=0.1)
    for _ in range(3):
        feed(optimizer, *[torch.zeros_like(parameter) for parameter in parameters])
    assert sizes == [4]


@ALL
def test_weight_decay_is_that_of_the_time_when_the_gradient_was_seen(optimizer_class):
    draws = torch.Generator().manual_seed(0)
    gradients = torch.randn(8, 100, generator=draws)
    start = torch.randn(100, generator=draws)
    one, other = (start.clone().requires_grad_() for _ in range(2))
    with_decay = optimizer_class([one], lr=0.1, weight_decay=0.3)
    without = optimizer_class([other], lr=0.1)
    for gradient in gradients:
        feed(with_decay, gradient)
        feed(without, gradient.add(other.detach(), alpha=0.3))
        assert torch.equal(one, other)
    assert not torch.equal(one, start)


@ALL
def test_gradients_are_copied_and_left_alone(optimizer_class):
    """A gradient that is accumulated into or zeroed in place later does not change what is kept."""
    w, same = weight(10.0), weight(10.0)
    kept, reference = optimizer_class([w], lr=0.5, weight_decay=0.1), optimizer_class([same], lr=0.5, weight_decay=0.1)
    w.grad = torch.zeros(1)
    for gradient in GRADIENTS:
        w.grad.fill_(gradient)
        kept.step()
        assert w.grad == gradient
        kept.zero_grad(set_to_none=False)
        feed(reference, torch.tensor([gradient]))
        assert torch.equal(w, same)


@pytest.mark.parametrize(("optimizer_class", "expected"), TRAJECTORIES)
def test_the_learning_rate_is_that_of_the_update(optimizer_class, expected):
    w = weight(10.0)
    optimizer = optimizer_class([w], lr=99.0)
    for number, gradient in enumerate(GRADIENTS):
        optimizer.param_groups[0]["lr"] = 0.5 if number == 2 else 99.0
        feed(optimizer, torch.tensor([gradient]))
        if number == 2:
            break
    assert w.item() == expected[2]


def test_groups_have_their_own_settings_and_parameters_without_a_gradient_wait():
    first, second, unused = weight(10.0), weight(10.0), weight(1.0)
    groups = [{"params": [first, unused]}, {"params": [second], "lr": 1.0, "weight_decay": 0.0}]
    optimizer = RM3(groups, lr=0.5, weight_decay=0.0)
    for number, gradient in enumerate(GRADIENTS):
        late = None if number == 0 else torch.tensor([gradient])
        feed(optimizer, torch.tensor([gradient]), None, late)
    assert (first.item(), unused.item()) == (3, 1)
    assert second.item() == 10 - 6 - 6  # the medians of 6, 1, 8 and of 1, 8, 6
    assert unused not in optimizer.state


@ALL
@pytest.mark.parametrize("seen", [1, 2, 4])
def test_state_goes_through_a_state_dict_in_the_middle_of_the_buffer(optimizer_class, seen):
    draws = torch.Generator().manual_seed(0)
    gradients = torch.randn(9, 5, generator=draws)
    whole = torch.ones(5, requires_grad=True)
    optimizer = optimizer_class([whole], lr=0.1, weight_decay=0.1)
    for gradient in gradients[:seen]:
        feed(optimizer, gradient)
    resumed = whole.detach().clone().requires_grad_()
    other = optimizer_class([resumed], lr=7.0)
    other.load_state_dict(optimizer.state_dict())
    for gradient in gradients[seen:]:
        feed(optimizer, gradient)
    for gradient in gradients[seen:]:
        feed(other, gradient)
    assert torch.equal(whole, resumed)


@ALL
@pytest.mark.parametrize("seen", [0, 1, 2, 4])
def test_state_goes_through_a_partial_run_bit_by_bit(optimizer_class, seen, tmp_path):
    """With the layout of training, channels last, which files do not keep."""

    def network():
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).to(
            memory_format=torch.channels_last
        )
        return model, optimizer_class(model.parameters(), lr=0.1, weight_decay=0.01)

    def train(model, optimizer, first, last):
        for number in range(first, last):
            images = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(number))
            optimizer.zero_grad(set_to_none=True)
            model(images.to(memory_format=torch.channels_last)).pow(3).mean().backward()
            optimizer.step()

    model, optimizer = network()
    train(model, optimizer, 0, seen)
    PartialRun(tmp_path / "run", {}).save(seen, model, optimizer, {}, [], "{}", model)
    train(model, optimizer, seen, 9)
    resumed, other = network()
    PartialRun(tmp_path / "run", {}).restore(resumed, other)
    for parameter, state in other.state.items():
        assert state["gradient_0"].stride() == parameter.stride()
    train(resumed, other, seen, 9)
    for name, tensor in model.state_dict().items():
        assert tensor.isfinite().all() and torch.equal(tensor, resumed.state_dict()[name])


@ALL
@pytest.mark.parametrize("layout", ["transposed", "channels last", "gradient in another order", "scalar", "empty"])
def test_layouts_do_not_matter(optimizer_class, layout, monkeypatch):
    monkeypatch.setattr(three_gradients, "_BLOCK", 16)
    shape = {"scalar": (), "empty": (0, 3)}.get(layout, (4, 5, 3, 2))
    start = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    plain, other = start.clone().requires_grad_(), start.clone()
    if layout == "transposed":
        other = other.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    if layout == "channels last":
        other = other.contiguous(memory_format=torch.channels_last)
    other.requires_grad_()
    expected, found = (
        optimizer_class([plain], lr=0.1, weight_decay=0.1),
        optimizer_class([other], lr=0.1, weight_decay=0.1),
    )
    for number in range(7):
        gradient = torch.randn(shape, generator=torch.Generator().manual_seed(number))
        feed(expected, gradient)
        reordered = gradient.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else gradient
        feed(found, reordered if layout in ("channels last", "gradient in another order") else gradient)
    assert torch.equal(plain, other) and (layout == "empty" or not torch.equal(plain, start))


@ALL
def test_what_is_refused(optimizer_class):
    with pytest.raises(ValueError, match=f"{optimizer_class.__name__} takes no complex parameters"):
        optimizer_class([torch.zeros(2, dtype=torch.complex64, requires_grad=True)], lr=0.1)
    with pytest.raises(ValueError, match="lr: expected a number from 0 on, got -1"):
        optimizer_class([weight(1.0)], lr=-1)
    with pytest.raises(TypeError, match="momentum"):
        optimizer_class([weight(1.0)], lr=0.1, momentum=0.9)
    dense, sparse = weight(1.0), torch.zeros(3, 2, requires_grad=True)
    optimizer = optimizer_class([dense, sparse], lr=0.1)
    gradient = torch.sparse_coo_tensor([[1]], [[1.0, 2.0]], (3, 2), check_invariants=True)
    with pytest.raises(RuntimeError, match=f"{optimizer_class.__name__} does not support sparse gradients"):
        feed(optimizer, torch.ones(1), gradient)
    assert not optimizer.state


@pytest.mark.parametrize(("name", "optimizer_class"), [("rm3", RM3), ("m3", M3), ("ra3", RA3)])
def test_they_are_built_by_name(name, optimizer_class):
    module = importlib.import_module(f"difficulty.training.optimizers.{name}")
    built = module.build([weight(1.0)], {"name": name, "lr": 0.3, "weight_decay": 0.01})
    assert type(built) is optimizer_class
    assert (built.defaults["lr"], built.defaults["weight_decay"]) == (0.3, 0.01)


def test_a_closure_gives_loss_and_gradient():
    w = weight(10.0)
    optimizer = RM3([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    assert [optimizer.step(closure).item() for _ in range(4)] == pytest.approx([100, 100, 100, 64])


def test_the_package_loads_none_of_them_unasked():
    program = """
import sys
sys.path.insert(0, "workflow/scripts")
import difficulty.training.optimizers as package
print("torch" in sys.modules, hasattr(package, "SGD"))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.split() == ["False", "False"]


def test_what_they_share_counts_in_their_digest_and_in_no_other(tmp_path):
    package = tmp_path / "difficulty" / "training" / "optimizers"
    shutil.copytree(ROOT / "workflow" / "scripts" / "difficulty" / "training" / "optimizers", package)
    (tmp_path / "stage.py").write_text("")

    def digests():
        return {name: SourceDigests(tmp_path)("stage", f"training.optimizers.{name}") for name in NAMES}

    before = digests()
    with (package / "three_gradients.py").open("a") as file:
        file.write("MORE = 1\n")
    with (package / "__init__.py").open("a") as file:
        file.write("MORE = 1\n")
    changed = [name for name, digest in digests().items() if digest != before[name]]
    assert changed == ["rm3", "m3", "ra3"]
