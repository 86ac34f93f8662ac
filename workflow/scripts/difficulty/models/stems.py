"""First layers for large or for small images."""

_LARGE = 64  # pixels of the smaller side


def stem_of(settings: dict, size: tuple[int, int]) -> str:
    """`stem` of the settings; unless given, imagenet for images of at least 64 pixels a side and cifar for others."""
    return settings.get("stem") or ("cifar" if min(size) < _LARGE else "imagenet")
