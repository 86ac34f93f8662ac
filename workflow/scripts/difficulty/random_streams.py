"""Independent random streams, each derived from a seed and a purpose; nothing draws from a global generator.

A stream is a function of its name alone, so an epoch can be repeated, or resumed, without any stored state.
"""

import hashlib


def derived_seed(*parts: int | str) -> int:
    """A 63-bit seed from its parts, e.g. derived_seed(run_seed, "order", epoch)."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
