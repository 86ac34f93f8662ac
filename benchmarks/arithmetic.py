"""How many floating-point operations a computation takes."""

import math
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode


def operations(stage: Callable[[], object]) -> int:
    """Of all products of matrices and convolutions in a stage."""

    def within(total, left, right, *_, **options) -> int:
        return 2 * math.prod(left) * right[-1]

    products = {torch.ops.aten.addmm_: within, torch.ops.aten.baddbmm_: within}
    with FlopCounterMode(display=False, custom_mapping=products) as counter:
        stage()
    return counter.get_total_flops()
