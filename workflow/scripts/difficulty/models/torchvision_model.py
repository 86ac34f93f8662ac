"""Any classification network of torchvision, by name: `torchvision:densenet121`."""

import torchvision
from torch import nn

from difficulty.errors import UserError

# Network -> its auxiliary classifiers.
_AUXILIARY = {"googlenet": ("aux1", "aux2"), "inception_v3": ("AuxLogits",)}


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """torchvision's network with a new last layer for `classes`; without the auxiliary classifiers that two have.

    weights: one of torchvision's (e.g. IMAGENET1K_V1), downloaded if it is not cached. Images of one channel
    get a first convolution of one channel. Raises UserError for an unknown name or weights.
    """
    name = settings["architecture"].removeprefix("torchvision:")
    weights = settings.get("weights")
    pretrained = weights if weights and "." not in weights else None
    if name not in torchvision.models.list_models(torchvision.models):
        raise UserError(f"torchvision has no classification network {name!r}; see torchvision.models.list_models()")
    try:
        model = torchvision.models.get_model(name, weights=pretrained, **_initialization(name, pretrained))
    except (KeyError, ValueError, OSError) as error:
        raise UserError(f"weights {weights!r} of torchvision:{name} cannot be had ({error})") from error
    if name in _AUXILIARY:
        model.aux_logits = False
        for auxiliary in _AUXILIARY[name]:
            setattr(model, auxiliary, None)
    _replace(model, nn.Linear, last=True, make=lambda old: nn.Linear(old.in_features, classes, old.bias is not None))
    if channels != 3:
        _replace(model, nn.Conv2d, last=False, make=lambda old: _with_channels(old, channels))
    return model


def _initialization(name: str, pretrained: str | None) -> dict[str, bool]:
    """Arguments that ask for the published initialisation; these networks warn without them."""
    return {"init_weights": True} if name in _AUXILIARY and pretrained is None else {}


def _replace(model: nn.Module, kind: type, last: bool, make) -> None:
    names = [name for name, module in model.named_modules() if isinstance(module, kind)]
    if not names:
        raise UserError(f"{type(model).__name__} has no {kind.__name__} layer and cannot be used as a classifier here")
    parent, _, attribute = names[-1 if last else 0].rpartition(".")
    owner = model.get_submodule(parent)
    setattr(owner, attribute, make(getattr(owner, attribute)))


def _with_channels(old: nn.Conv2d, channels: int) -> nn.Conv2d:
    return nn.Conv2d(
        channels, old.out_channels, old.kernel_size, old.stride, old.padding, old.dilation, bias=old.bias is not None
    )
