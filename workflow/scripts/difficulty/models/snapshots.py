"""Networks that were trained elsewhere, from files of their weights."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import nn

from difficulty.errors import UserError
from difficulty.models.building import build_model, final_linear, name_of
from difficulty.models.weight_files import check_number_types, read_state

_PARALLEL = "module."  # what torch's DataParallel puts before every name


def load_snapshot(settings: dict, channels: int, size: tuple[int, int], path) -> tuple[nn.Module, int]:
    """(network in evaluation mode, number of its classes) with the weights of a safetensors file or weights-only dict.

    settings: architecture, and what it takes (width, depth, stem). The number of classes is that of the last layer.
    Raises UserError naming the file if it cannot be read, or if a weight is missing, unknown, of another shape or type,
    or not finite.
    """
    state = {name.removeprefix(_PARALLEL): value for name, value in read_state(path).items()}
    probe = build_model(settings, channels, size, classes=2, seed=0)
    last = name_of(probe, final_linear(probe))
    weight = state.get(f"{last}.weight")
    if weight is None or weight.ndim != 2:
        raise UserError(f"{path}: has no {last}.weight, the last layer of {settings['architecture']}")
    model = build_model(settings, channels, size, classes=len(weight), seed=0)
    check_number_types(state, model.state_dict(), path)
    try:
        mismatch = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: weights do not fit into {settings['architecture']} ({reason})") from error
    if mismatch.missing_keys or mismatch.unexpected_keys:
        missing, unknown = mismatch.missing_keys[:3], mismatch.unexpected_keys[:3]
        raise UserError(f"{path}: weights do not fit {settings['architecture']}: missing {missing}, unknown {unknown}")
    return model.eval(), len(weight)


def load_snapshots(
    settings: dict, channels: int, size: tuple[int, int], paths: Sequence[Path], first: Path, needed: int
) -> Iterator[tuple[Path, nn.Module, int]]:
    """(file, network, number of its classes) of each of `paths`; see `load_snapshot`.

    Raises UserError if a network knows less than `needed` classes, or not as many as that of the file `first`.
    """
    _, known = load_snapshot(settings, channels, size, first)
    for path in paths:
        model, classes = load_snapshot(settings, channels, size, path)
        if classes < needed:
            raise UserError(f"{path}: knows {classes} classes, but there are labels up to {needed - 1}")
        if classes != known:
            raise UserError(f"{path} and {first}: have {classes} and {known} classes; all networks need the same")
        yield path, model, classes
