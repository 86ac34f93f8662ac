"""Which files of a folder are images."""

import logging
from pathlib import Path

logger = logging.getLogger(__name__)
_EXTENSIONS = {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def image_files(folder: Path, recursive: bool = False) -> list[Path]:
    """Images of a folder, and of the folders in it if `recursive`, in order of their paths.

    What is hidden is passed over; so are files without an image's extension, with a warning in the log.
    """
    images = []
    for path in sorted(folder.rglob("*") if recursive else folder.iterdir()):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file():
            continue
        if path.suffix.lower() in _EXTENSIONS:
            images.append(path)
        else:
            logger.warning("%s: passed over, not an image's extension", path)
    return images
