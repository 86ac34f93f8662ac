"""What the figures were measured on."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import torch


def facts(device: torch.device) -> dict[str, str]:
    """Date, device, processor and versions, in words."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": _named(device),
        "processor": f"{len(os.sched_getaffinity(0))} cores ({_processor()}), {torch.get_num_threads()} threads",
        "python": platform.python_version(),
        "torch": f"{torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}",
    }


def _named(device: torch.device) -> str:
    if device.type == "cpu":
        return "CPU"
    about = torch.cuda.get_device_properties(device)
    return f"{about.name}, {about.total_memory / 2**30:.0f} GiB, {about.multi_processor_count} multiprocessors"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
