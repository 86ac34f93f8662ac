"""Which device a stage computes on, and in which precision."""

from collections.abc import Mapping
from functools import cache

import torch
from torch import distributed

from difficulty.errors import UserError
from difficulty.gpu_locks import take_gpus, visible_gpus


def choose_device(settings: Mapping) -> torch.device:
    """cpu or cuda; `auto` takes CUDA where there is one. UserError if it is asked for and absent.

    Of several GPUs it is one that no other job has taken; of those that train together, that of this process.
    From then on float32 is float32: CUDA devices would round the factors of convolutions to ten binary digits (TF32).
    """
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    wanted = settings.get("device", "auto")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("device: cuda was asked for, but torch sees no CUDA device; set device: auto or cpu")
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    if not (distributed.is_available() and distributed.is_initialized()):
        torch.cuda.set_device(own_gpus(1)[0])
    return torch.device("cuda")


@cache
def own_gpus(count: int) -> list[int]:
    """torch's numbers of `count` GPUs, the same at every call; this process has them until it ends."""
    return take_gpus(count, visible_gpus(torch.cuda.device_count()))


def device_name(device: torch.device) -> str:
    """`cpu`, or the name of the GPU: results are bit-identical on one kind of machine."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def autocast(settings: Mapping, device: torch.device) -> torch.autocast:
    """bfloat16 autocast where configured, by default on CUDA devices that have it; never of the classifier."""
    precision = settings.get("precision", "auto")
    automatic = precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16" or automatic)
