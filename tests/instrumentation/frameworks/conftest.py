"""All instrumentors switched on, recording into memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import miops
from miops.testing import Harness

from .discovered import names

collect_ignore = ["adapters"]  # each imports its framework


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "framework" in metafunc.fixturenames:
        metafunc.parametrize("framework", names())


@pytest.fixture
def everything(harness: Harness) -> Iterator[Harness]:
    miops.instrument()
    try:
        yield harness
    finally:
        miops.uninstrument()
