"""All instrumentors switched on, recording into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, version

import pytest

import miops
from miops.testing import Harness

from .discovered import instrumentor, wanted

_BUILT_ON = {"keras": ("torch", "jax", "tensorflow-cpu")}
"""What a framework needs one of."""
_OWN_WARNINGS = {"keras": ("__array__ implementation",)}
collect_ignore = ["adapters", "v2_server.py"]  # these import frameworks


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "framework" in metafunc.fixturenames:
        metafunc.parametrize("framework", [pytest.param(name, marks=_tolerated(name)) for name in wanted()])


def _tolerated(framework: str) -> list[pytest.MarkDecorator]:
    """A framework's own warnings about itself, which only here would be errors."""
    return [pytest.mark.filterwarnings(f"ignore:{told}") for told in _OWN_WARNINGS.get(framework, ())]


@pytest.fixture(scope="session", autouse=True)
def _versions(record_testsuite_property: Callable[[str, object], None]) -> None:
    """Written to the results, from which ``docs/frameworks.md`` is made."""
    installed = packages_distributions()
    for name in wanted():
        package = instrumentor(name).package
        found = sorted(installed.get(package, ()), key=lambda distribution: distribution != package)
        if found:
            record_testsuite_property(name, ", ".join(f"{one} {version(one)}" for one in (found[0], *_below(name))))


def _below(framework: str) -> list[str]:
    return [distribution for distribution in _BUILT_ON.get(framework, ()) if _installed(distribution)]


def _installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


@pytest.fixture
def everything(harness: Harness) -> Iterator[Harness]:
    miops.instrument()
    try:
        yield harness
    finally:
        miops.uninstrument()
