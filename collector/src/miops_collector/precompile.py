"""Compile in a process of its own: a compiler that has run keeps 150 MB, whose work is loaded from its cache for 10."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from miops_collector.otlp import walk
from miops_collector.otlp.warm import warm
from miops_collector.stores import _fingerprints

__all__ = ["compile_elsewhere"]


def compile_elsewhere(kernel: Any = walk.walk) -> None:
    """Wait for another process to compile, unless that was done before or cannot be kept.

    Should it fail, the compiler runs here at the first call, as it does after a change of processor.
    """
    folder = kernel.stats.cache_path
    if folder is not None and not _is_cached(Path(folder), Path(walk.__file__)):
        subprocess.run([sys.executable, "-m", __name__], check=False)  # noqa: S603  our own module


def _is_cached(folder: Path, source: Path) -> bool:
    changed = source.stat().st_mtime
    return any(index.stat().st_mtime >= changed for index in folder.glob(f"{source.stem}.walk-*.nbi"))


if __name__ == "__main__":
    warm()
    _fingerprints.warm()
