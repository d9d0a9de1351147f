"""Every store that discovery finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from miops_collector._discovery import component, modules
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import Store

Factory: TypeAlias = Callable[[Path, StoreSettings], Store]

STORES = {name: component(module) for name, module in modules("miops_collector.stores").items()}
SETTINGS = StoreSettings(minimum_free_mib=1)


@pytest.fixture(params=sorted(STORES))
def factory(request: pytest.FixtureRequest) -> Factory:
    return STORES[request.param]


@pytest.fixture
def store(factory: Factory, tmp_path: Path) -> Iterator[Store]:
    opened = factory(tmp_path / "data", SETTINGS)
    yield opened
    opened.close()
