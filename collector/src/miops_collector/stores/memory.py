"""The same store without files: for tests and for trying things out."""

from __future__ import annotations

from pathlib import Path

from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore

__all__ = ["memory"]


def memory(folder: Path | None = None, settings: StoreSettings = StoreSettings()) -> DuckDBStore:  # noqa: ARG001, B008
    """A store that is gone when it is closed; the folder is not touched."""
    return DuckDBStore(None, settings)
