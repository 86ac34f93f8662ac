"""Influence scores: factors of the curvature, self-influence, pairwise influence."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import FLIPPED, ROUGH, SAME, TURNED, Arrays, Check, Skipped
from difficulty.errors import UserError
from difficulty.saved_runs.influence import LabelledBatches, LabelledNetwork, in_precision, precision
from difficulty.scores.influence.scoring import (
    Factors,
    assemble,
    covariance_sums,
    eigenbases,
    fit_factors,
    load_factors,
    merge,
    pairwise_influence,
    save_factors,
    second_moment_sums,
    self_influence,
)
from difficulty.scores.influence.tables import Stopwatch

_STRATEGIES = ("identity", "diagonal", "kfac", "ekfac")
_FITTED, _ASKED = 96, 12
_SUMMED = 32  # more, and float32 sums over all positions of the first layer are themselves off by nearly SAME


def factors(check: Check) -> None:
    """Covariances, eigenvalues and second moments, of given and of sampled labels, whole and merged of two parts."""
    for fisher in ("empirical", "sampled"):

        def sums(device: torch.device, fisher=fisher) -> Arrays:
            network = labelled(device)
            batches = _batches(network, _SUMMED)
            found = covariance_sums(network.model, batches, fisher=fisher)
            values = {
                f"{layer} {side}": getattr(each, side)
                for layer, each in eigenbases(found).items()
                for side in ("input_values", "output_values")
            }
            squares = second_moment_sums(network.model, None, batches, fisher=fisher)
            return stand_ins.numpy({**found.tensors, **values, **squares.tensors})

        found, expected = check.both(sums)
        for kind in ("inputs", "outputs", "input_values", "output_values", "squares"):
            own, given = ({n: v for n, v in each.items() if n.endswith(kind)} for each in (found, expected))
            tolerance = SAME if fisher == "empirical" or kind.startswith("input") else TURNED
            check.all_close(own, given, tolerance, f"{fisher}, {kind}")
    network = labelled(check.device)
    whole = covariance_sums(network.model, _batches(network, _SUMMED))
    parts = [
        covariance_sums(network.model, _batches(network, stop, start), first=start)
        for start, stop in ((0, 12), (12, _SUMMED))
    ]
    check.all_close(stand_ins.numpy(merge(parts).tensors), stand_ins.numpy(whole.tensors), SAME, "merged")


def of_examples(check: Check) -> None:
    """With the factors that the CPU fitted, and with the device's own; from a file, as the stage has them."""
    for strategy, is_smooth in (*((each, True) for each in _STRATEGIES), ("ekfac", False)):
        fitted = _fitted(torch.device("cpu"), strategy, is_smooth)

        def given(device: torch.device, fitted=fitted, is_smooth=is_smooth) -> Arrays:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "factors.safetensors")
                save_factors(path, fitted)
                return {"scores": _scores(device, load_factors(path), is_smooth)}

        found, expected = (each["scores"] for each in check.both(given))
        what = strategy if is_smooth else f"{strategy}, with ReLU"
        check.rarely_far(f"{what}, the same factors", found, expected, 0 if is_smooth else FLIPPED)
        with check.summed_differently():
            own = _scores(check.device, _fitted(check.device, strategy, is_smooth), is_smooth)
        check.rarely_far(f"{what}, its own factors", own, expected, 0 if is_smooth else FLIPPED, TURNED)


def of_pairs(check: Check) -> None:
    """By margin and by loss, whole, by low rank, and in several blocks of queries."""
    for what, strategy, options in (
        ("identity", "identity", {}),
        ("ekfac", "ekfac", {}),
        ("ekfac, loss", "ekfac", {"measurement": "loss"}),
        ("ekfac, rank 8", "ekfac", {"rank": 8}),
        ("ekfac, several blocks", "ekfac", {"memory": 4 << 20}),
    ):
        fitted = _fitted(torch.device("cpu"), strategy, is_smooth=True)

        def compute(device: torch.device, fitted=fitted, options=options) -> Arrays:
            network = labelled(device)
            queries = _batches(network, _FITTED + _ASKED, _FITTED)
            scores = pairwise_influence(network.model, fitted, _batches(network, _FITTED), queries, **options)
            return {"scores": scores.cpu().numpy()}

        found, expected = check.both(compute)
        check.close(what, found["scores"], expected["scores"], SAME)


def in_bfloat16(check: Check) -> None:
    """Self-influence with the network and its gradients in bfloat16, where the device has units for it."""
    try:
        kind = precision({"precision": "bfloat16"}, check.device)
    except UserError as error:
        raise Skipped(str(error)) from error
    exact = _scores(check.device, _fitted(check.device, "ekfac", False), False)
    rough = _scores(check.device, _fitted(check.device, "ekfac", False, kind), False, kind)
    order = np.corrcoef(exact.argsort().argsort(), rough.argsort().argsort())[0, 1]
    check.close("one less the rank correlation with float32", np.array([order]), np.array([1.0]), ROUGH)
    check.holds("scores are finite", bool(np.isfinite(rough).all()))


def labelled(device: torch.device, is_smooth: bool = True, kind: torch.dtype = torch.float32) -> LabelledNetwork:
    """The network of the last checkpoint with its images, as the stages open it, or smooth."""
    run = stand_ins.saved_run(device)
    model = in_precision(stand_ins.checkpoint(run, stand_ins.EPOCHS, is_smooth), kind)
    labels, images = torch.tensor(run.labels["label"].to_numpy(), device=device), run.images_on_device()
    return LabelledNetwork(run, model, images, labels, stand_ins.NORMALIZATION, kind, Stopwatch())


def _batches(network: LabelledNetwork, stop: int, start: int = 0) -> LabelledBatches:
    return network.batches(np.arange(start, stop), "influence")


def _fitted(device: torch.device, strategy: str, is_smooth: bool, kind: torch.dtype = torch.float32) -> Factors:
    network = labelled(device, is_smooth, kind)
    batches = _batches(network, _FITTED)
    if strategy != "ekfac":
        return fit_factors(network.model, batches, strategy)
    bases = eigenbases(covariance_sums(network.model, batches))
    return assemble("ekfac", second_moment_sums(network.model, bases, batches), bases)


def _scores(device: torch.device, fitted: Factors, is_smooth: bool, kind: torch.dtype = torch.float32) -> np.ndarray:
    network = labelled(device, is_smooth, kind)
    return self_influence(network.model, fitted, _batches(network, stand_ins.COUNT)).cpu().numpy()
