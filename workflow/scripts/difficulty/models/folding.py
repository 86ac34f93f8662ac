"""Batch norm folded into the convolution before it: the same function in evaluation mode, in less time."""

import copy
from collections import Counter

import torch
from torch import nn
from torch.fx import GraphModule, Node, Tracer
from torch.nn.utils.fusion import fuse_conv_bn_eval

from difficulty.models.classifier import Classifier


def folded(model: nn.Module) -> tuple[GraphModule, dict[str, torch.Tensor]]:
    """A copy in evaluation mode, to rounding the same function, and what its convolutions were multiplied by.

    The latter by the name of each convolution that a batch norm was folded into: (outputs,), float32 or wider, so that
    the gradient by an output of the original convolution is that of the copy's times it. ReLU after a convolution works
    in place in the copy. Raises whatever the network's code raises if torch.fx cannot trace it.
    """
    model = copy.deepcopy(model).eval()
    traced = GraphModule(model, _Tracer().trace(model))
    modules = dict(traced.named_modules())
    uses = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    read = {str(node.target).rpartition(".")[0] for node in traced.graph.nodes if node.op == "get_attr"}
    scales = {}
    for node in list(traced.graph.nodes):
        source = _only_source(node, modules, nn.BatchNorm2d)
        if source is None or modules[node.target].running_var is None:
            continue
        if uses[source.target] > 1 or source.target in read:
            continue
        kind = modules[source.target].weight.dtype
        convolution, norm = _precise(modules[source.target]), _precise(modules[node.target])
        scale = (norm.running_var + norm.eps).rsqrt()
        scales[source.target] = scale if norm.weight is None else norm.weight.detach() * scale
        traced.set_submodule(source.target, fuse_conv_bn_eval(convolution, norm).to(kind))
        node.replace_all_uses_with(source)
        traced.graph.erase_node(node)
    modules = dict(traced.named_modules())
    for node in traced.graph.nodes:
        # In another place of its use the same ReLU may see what is needed later.
        if _only_source(node, modules, nn.ReLU) is not None and uses[node.target] == 1:
            modules[node.target].inplace = True
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced, scales


class _Tracer(Tracer):
    """Keeps a classifier as one module, as it does torch's own layers."""

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, Classifier) or super().is_leaf_module(module, name)


def _precise(module: nn.Module) -> nn.Module:
    """Itself, or a copy in float32 where it is of less precision."""
    numbers = [*module.parameters(), *module.buffers()]
    narrow = any(each.is_floating_point() and each.dtype.itemsize < 4 for each in numbers)
    return copy.deepcopy(module).float() if narrow else module


def _only_source(node: Node, modules: dict[str, nn.Module], kind: type[nn.Module]) -> Node | None:
    """The convolution that feeds this module and nothing else, or None."""
    if node.op != "call_module" or type(modules[node.target]) is not kind:
        return None
    source = node.args[0] if node.args else None
    if not isinstance(source, Node) or source.op != "call_module" or len(source.users) > 1:
        return None
    return source if type(modules[source.target]) is nn.Conv2d else None
