"""Tests of single instrumentors, each where its framework is installed."""

from __future__ import annotations

collect_ignore = ["tiny_pipelines.py"]  # imports a framework
