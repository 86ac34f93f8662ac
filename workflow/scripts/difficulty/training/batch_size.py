"""How many examples a gradient step sees where the configuration leaves it open."""

from collections.abc import Mapping

_STEPS, _LARGEST, _LEAST = 8, 128, 2  # steps per epoch at least, where images suffice; examples that batch norm takes


def chosen_batch_size(settings: Mapping, trained: int) -> int:
    """`batch_size` if it is given; else an eighth of the examples that are trained on, at most 128.

    settings: batch_size, optimizer.groups and gpus, if any: every group and every GPU gets two examples at least.
    """
    if given := settings.get("batch_size"):
        return given
    shares = settings["optimizer"].get("groups", 1) * settings.get("gpus", 1)
    return max(min(trained // _STEPS, _LARGEST), _LEAST * shares)
