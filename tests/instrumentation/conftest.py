"""Recording into memory, scikit-learn instrumented or not; the real SDK where spans and metrics are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import miops
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops.testing import Harness


@pytest.fixture
def harness() -> Iterator[Harness]:
    with miops.testing.record() as recording:
        yield recording


@pytest.fixture
def sklearn(harness: Harness) -> Iterator[Harness]:
    instrumentor = SklearnInstrumentor()
    instrumentor.instrument()
    try:
        yield harness
    finally:
        instrumentor.uninstrument()
