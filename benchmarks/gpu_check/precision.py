"""float32 is float32 where it is promised, and bfloat16 is where it is allowed and nowhere else."""

import torch
from torch.nn import functional

from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import ROUGH, Arrays, Check, Skipped
from difficulty.devices import autocast, choose_device
from difficulty.models.building import FeatureTap
from difficulty.training.passes import LabelledImages, clean_outcomes

# Of float32 sums of a thousand products. With TF32, whose factors have ten binary digits, they are off by 1e-4 or more.
ROUNDED = 1e-5


def float32(check: Check) -> None:
    """The device's choice turns TF32 off, and products and convolutions are then as exact as float32 is."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    with_tf32 = {name: call(check.device) for name, call in _PRODUCTS.items()}
    choose_device({"device": check.device.type})
    check.holds("TF32 is off for products", not torch.backends.cuda.matmul.allow_tf32)
    check.holds("TF32 is off for convolutions", not torch.backends.cudnn.allow_tf32)
    check.holds("products of float32 are of the highest precision", torch.get_float32_matmul_precision() == "highest")
    for name, call in _PRODUCTS.items():
        exact = call(torch.device("cpu"), torch.float64)
        for each, found in call(check.device).items():
            check.close(f"{name}, {each}", found, exact[each], ROUNDED)
        apart = max(abs(with_tf32[name][each] - exact[each]).max() / abs(exact[each]).max() for each in exact)
        check.note(f"{name}: with TF32 allowed, off by {apart:.1e} of the largest value")


def bfloat16(check: Check) -> None:
    """Autocast is on by default on a GPU, except for the classifier; what comes out is roughly that of float32."""
    device = check.device
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise Skipped("this GPU has no units for bfloat16")
    wanted = {} if device.type == "cuda" else {"precision": "bfloat16"}
    run = stand_ins.saved_run(device)
    model, (images, labels) = run.network(stand_ins.EPOCHS).model, stand_ins.pictures(stand_ins.COUNT)
    tap = FeatureTap(model)
    with torch.no_grad(), autocast(wanted, device):
        logits = model(stand_ins.NORMALIZATION(images[:32].permute(0, 3, 1, 2).to(device)))
    tap.remove()
    check.holds("features are bfloat16", tap.features.dtype == torch.bfloat16)
    check.holds("logits are float32", logits.dtype == torch.float32)
    data = LabelledImages(images, labels, stand_ins.NORMALIZATION).to(device)
    rough, exact = clean_outcomes(model, data, wanted), clean_outcomes(model, data, {"precision": "float32"})
    for name in ("probability", "margin", "loss", "feature_norm"):
        check.close(name, rough[name], exact[name], ROUGH)
    check.holds("they are not those of float32", bool((rough["loss"] != exact["loss"]).any()))


def _product(device: torch.device, kind: torch.dtype = torch.float32) -> Arrays:
    draws = torch.Generator().manual_seed(0)
    left, right = (torch.randn(1024, 1024, generator=draws).to(device, kind) for _ in range(2))
    return stand_ins.numpy({"matrices": left @ right, "batches": torch.bmm(left[None], right[None])})


def _convolution(device: torch.device, kind: torch.dtype = torch.float32) -> Arrays:
    """Forward, and both gradients."""
    draws = torch.Generator().manual_seed(0)
    image, kernel = torch.randn(8, 64, 16, 16, generator=draws), torch.randn(64, 64, 3, 3, generator=draws)
    image = image.to(device, kind, memory_format=torch.channels_last).requires_grad_(True)
    kernel = kernel.to(device, kind, memory_format=torch.channels_last).requires_grad_(True)
    output = functional.conv2d(image, kernel, padding=1)
    weights = torch.randn(output.shape, generator=draws).to(device, kind)
    by_image, by_kernel = torch.autograd.grad((output * weights).sum(), (image, kernel))
    return stand_ins.numpy({"forward": output, "by the image": by_image, "by the kernel": by_kernel})


_PRODUCTS = {"product": _product, "convolution": _convolution}
