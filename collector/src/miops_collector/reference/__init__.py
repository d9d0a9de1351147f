"""What is frozen with a reference: edges, categories, classes and groups, as a layout."""

from __future__ import annotations

from miops_collector.reference.build import build_layout, provisional_layout

__all__ = ["build_layout", "provisional_layout"]
