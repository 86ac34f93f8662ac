"""Gradients by images and by parameters, one for each example."""

import numpy as np
import torch

from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import FLIPPED, ROUGH, SAME, TIED, Arrays, Check
from difficulty.scores.coherence.measure import coherence
from difficulty.scores.vog.gradient_passes import gradient_batches
from difficulty.scores.vog.tables import stage_rows

_STAGES = {"early": [0, 1], "complete": list(range(stand_ins.EPOCHS + 1))}


def maps(check: Check) -> None:
    """Maps of one checkpoint: for the given labels, the predicted classes, and one class."""
    _, labels = stand_ins.pictures(stand_ins.COUNT)
    for what, classes, is_smooth in (
        ("labels", labels, True),
        ("predicted", None, True),
        ("class 3", 3, True),
        ("labels, with ReLU", labels, False),
    ):

        def compute(device: torch.device, classes=classes, is_smooth=is_smooth) -> Arrays:
            run = stand_ins.saved_run(device)
            rows = np.arange(stand_ins.COUNT)
            model = stand_ins.checkpoint(run, stand_ins.EPOCHS, is_smooth)
            batches = gradient_batches([model], run.images, rows, classes, stand_ins.NORMALIZATION, device)
            parts = [[values.cpu().numpy() for values in next(passes)] for _, passes in batches]
            return dict(
                zip(("maps", "predicted", "confidence"), map(np.concatenate, zip(*parts, strict=True)), strict=True)
            )

        found, expected = check.both(compute)
        check.rarely_far(f"{what}, maps", found["maps"], expected["maps"], 0 if is_smooth else FLIPPED)
        check.equal(f"{what}, predicted", found["predicted"], expected["predicted"], TIED)
        check.close(f"{what}, confidence", found["confidence"], expected["confidence"], SAME)


def variance(check: Check) -> None:
    """VoG of all checkpoints at once, in float32 and in bfloat16."""
    for what, is_smooth in (("", True), ("with ReLU, ", False)):
        found, expected = check.both(lambda device, is_smooth=is_smooth: _streamed(device, is_smooth))
        for name in expected:
            check.rarely_far(f"{what}{name}", found[name], expected[name], 0 if is_smooth else FLIPPED)
    rough = _streamed(check.device, False, "bfloat16")
    for name in expected:
        check.rarely_far(f"bfloat16, {name}", rough[name], expected[name], FLIPPED, ROUGH)


def _streamed(device: torch.device, is_smooth: bool, precision: str = "float32") -> Arrays:
    run = stand_ins.saved_run(device)
    models = [stand_ins.checkpoint(run, epoch, is_smooth) for epoch in _STAGES["complete"]]
    labels, rows = torch.tensor(run.labels["label"].to_numpy()), np.arange(stand_ins.COUNT)
    found: dict[str, list] = {}
    normalization = stand_ins.NORMALIZATION
    for part, passes in gradient_batches(models, run.images, rows, labels, normalization, device, precision):
        table = stage_rows(_STAGES, part, ((epoch, *result) for epoch, result in enumerate(passes)))
        for stage, own in table.groupby("stage"):
            for name in ("vog", "magnitude"):
                found.setdefault(f"{name}, {stage}", []).append(own[name].to_numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def coherent(check: Check) -> None:
    """Coherence of every layer's gradients over some examples."""

    def compute(device: torch.device) -> Arrays:
        run = stand_ins.saved_run(device)
        images = stand_ins.NORMALIZATION(run.images[:24].permute(0, 3, 1, 2).to(device))
        labels = torch.tensor(run.labels["label"].to_numpy()[:24], device=device)
        found = coherence(stand_ins.checkpoint(run, stand_ins.EPOCHS, True), images, labels)
        return {"alphas": np.array([found.alphas[name] for name in sorted(found.alphas)])}

    found, expected = check.both(compute)
    check.close("alpha of all layers", found["alphas"], expected["alphas"], SAME)
