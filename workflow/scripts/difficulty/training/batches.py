"""Which examples make up each gradient step, and which of them are whose."""

from dataclasses import dataclass

import torch

from difficulty.errors import UserError
from difficulty.training.processes import Processes

_LEAST = 2  # examples that batch norm takes


@dataclass(frozen=True)
class Part:
    """One process's share of one group of a batch: a slice of the process's examples.

    weight: of the share's mean loss, so that its gradient averaged over all processes is that of the group's mean loss.
    fraction: how much of the batch the share is.
    """

    examples: slice
    weight: float
    fraction: float


@dataclass(frozen=True)
class Batch:
    """A batch of `size` examples as one process sees it.

    rows: (n,) positions among all examples of those that are its own; places: (n,) their places in the batch;
    parts: one for each group, in the order of the rows.
    """

    size: int
    rows: torch.Tensor
    places: torch.Tensor
    parts: list[Part]


def plan_batches(rows: torch.Tensor, settings: dict, processes: Processes) -> list[Batch]:
    """An epoch's batches of the rows (N,) in their order.

    settings: batch_size, drop_last, and optimizer.groups, whose gradients are taken one after another. A last batch
    that would leave a share with less than two examples joins the one before. Raises UserError if there is no batch,
    or one that leaves a share without examples.
    """
    groups = settings["optimizer"].get("groups", 1)
    shares = groups * processes.count
    batches = list(rows.split(settings["batch_size"]))
    if settings["drop_last"] and len(batches[-1]) < settings["batch_size"]:
        batches.pop()
    elif len(batches) > 1 and len(batches[-1]) < _LEAST * shares:
        batches[-2:] = [torch.cat(batches[-2:])]
    if not batches:
        raise UserError(f"batch_size: {settings['batch_size']} with drop_last leaves no batch of {len(rows)} examples")
    if min(map(len, batches)) < shares:
        raise UserError(
            f"batch_size: {min(map(len, batches))} examples cannot be shared by {processes.count} processes"
            f" and {groups} groups; take larger batches or less of these"
        )
    return [_share(batch, groups, processes) for batch in batches]


def _share(rows: torch.Tensor, groups: int, processes: Processes) -> Batch:
    grouped = torch.arange(len(rows)).tensor_split(groups)
    own = [processes.share(group) for group in grouped]
    parts, start = [], 0
    for group, share in zip(grouped, own, strict=True):
        examples = slice(start, start + len(share))
        parts.append(Part(examples, len(share) * processes.count / len(group), len(share) / len(rows)))
        start += len(share)
    places = torch.cat(own)
    return Batch(len(rows), rows[places.to(rows.device)], places, parts)
