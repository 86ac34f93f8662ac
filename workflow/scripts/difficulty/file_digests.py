"""What a file contains, as a digest."""

import hashlib
from pathlib import Path


def sha256_of(path) -> str:
    """SHA-256 of a file of any size, as hexadecimal digits; OSError if it cannot be read."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
