"""What a figure was measured on, without anything that names the machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["load", "machine"]

PACKAGES = ("duckdb", "pyarrow", "numpy", "numba", "grpcio", "protobuf")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, and versions of what the figures depend on."""
    fields = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    cpu = {key.strip(): value.strip() for key, value in fields.items()}
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu.get("model name", platform.machine()),
        "cores": os.cpu_count(),
        "memory_gib": round(total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def load() -> float:
    """Processes that want a core, on average over the last minute: other work than ours makes figures worse."""
    return os.getloadavg()[0]
