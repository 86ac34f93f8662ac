"""Where `net` is probed, which has the same layers."""

from difficulty.models.probes.net import points

__all__ = ["points"]
