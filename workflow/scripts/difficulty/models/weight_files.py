"""Files of weights that were made elsewhere: read as data, never as code, and checked tensor by tensor."""

import pickle
from collections.abc import Mapping

import torch
from safetensors.torch import load_file

from difficulty.errors import UserError

_SHOWN = 80  # characters of a name


def read_state(path) -> dict[str, torch.Tensor]:
    """The weights in a safetensors file or a weights-only dict.

    Raises UserError naming the file if it is neither, and the tensor if one is of no use: not a dense tensor of
    numbers, larger than what the file holds of it, or with values that are not finite in float32.
    """
    state = _loaded(path)
    if not isinstance(state, Mapping) or not state:
        raise UserError(f"{path}: holds {_kind(state)} where a dict of tensors is expected; save model.state_dict()")
    for name, value in state.items():
        if problem := _problem(name, value):
            raise UserError(f"{path}: {str(name)[:_SHOWN]!r} {problem}")
    return dict(state)


def check_number_types(state: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor], path) -> None:
    """Raises UserError if a tensor holds whole numbers where the network has real ones, or the other way round.

    torch would convert them in silence. own: the network's state dict; names that it lacks are passed over.
    """
    for name, value in state.items():
        if name in own and value.is_floating_point() != own[name].is_floating_point():
            raise UserError(f"{path}: {name!r} is {_type(value)}, but the network's is {_type(own[name])}")


def _loaded(path):
    try:
        if str(path).endswith(".safetensors"):
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; fix the path in the configuration") from error
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path}: weights cannot be read: the file is damaged, or it holds Python objects, which are not loaded as "
            "they could run any code; save model.state_dict(), not the model"
        ) from error
    except Exception as error:  # a foreign file can make the readers raise anything
        reason = type(error).__name__
        raise UserError(f"{path}: weights cannot be read as safetensors or a weights-only dict ({reason})") from error
    return state.get("state_dict", state) if isinstance(state, Mapping) else state


def _problem(name, value) -> str:
    """Says why an entry cannot be used as a weight; empty if it can."""
    if not isinstance(name, str):
        return "is the name of an entry; expected text"
    if not isinstance(value, torch.Tensor):
        return f"is {_kind(value)}, expected a tensor; save model.state_dict() alone"
    if value.layout != torch.strided or value.is_quantized or value.is_complex():
        return "is sparse, quantized or complex; expected a dense tensor of real numbers"
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        return f"claims the shape {tuple(value.shape)}, more than the file holds of it"
    if not value.is_floating_point():
        return ""
    if wrong := int((~torch.isfinite(value.float())).sum()):
        return f"has {wrong:,} of {value.numel():,} values that are not finite, or too large for float32"
    return ""


def _kind(value) -> str:
    return f"{len(value)} entries" if isinstance(value, Mapping) else f"a {type(value).__name__}"


def _type(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
