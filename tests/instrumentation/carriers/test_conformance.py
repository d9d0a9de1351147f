"""What every carrier promises, whether its server is installed or not."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.metadata import entry_points
from types import FunctionType
from typing import Any

import pytest

from miops import carriers
from miops.testing import Harness
from tests.instrumentation.frameworks.discovered import PREFIX, instrumentor
from tests.instrumentation.frameworks.situations import lines, met

NAMES = tuple(
    sorted(
        one.name.removeprefix(PREFIX)
        for one in entry_points(group="opentelemetry_instrumentor")
        if one.value.startswith(f"{carriers.__name__}.")
    )
)
pytestmark = pytest.mark.parametrize("name", NAMES)


def test_not_imported_unless_the_program_does(name: str) -> None:
    answer = met(NAMES, None, asked=False)

    assert instrumentor(name).package not in answer.modules
    assert answer.logged == []


def test_absent(name: str) -> None:
    answer = met(NAMES, None, absent=True)

    assert answer.seen[name].startswith("ModuleNotFoundError")
    assert lines(answer, name) == []


def test_too_old_is_one_clear_line(name: str) -> None:
    one = instrumentor(name)
    answer = met(NAMES, '__version__ = "0.0.1"\n')

    oldest = ".".join(map(str, one.minimum))
    assert answer.seen[name] == "runs"
    assert lines(answer, name) == [f"miops: {one.package} 0.0.1 is not instrumented; it needs {oldest} or later"]


def test_a_broken_import_stays_the_programs_own_error(name: str) -> None:
    answer = met(NAMES, 'raise RuntimeError("cannot find its library")\n')

    assert answer.seen[name] == "RuntimeError: cannot find its library"
    assert lines(answer, name) == []


def test_another_shape_than_expected_is_one_line_and_no_error(name: str) -> None:
    answer = met(NAMES, '__version__ = "99.0"\n')

    (line,) = lines(answer, name)
    assert answer.seen[name] == "runs"
    assert "_not_instrumented: AttributeError: " in line


def test_uninstrument_restores_the_identical_objects_and_instrumenting_twice_changes_nothing(
    harness: Harness, name: str
) -> None:
    carrier = instrumentor(name)
    if importlib.util.find_spec(carrier.package) is None:
        pytest.skip(f"{carrier.package} is not installed: make test-serving")
    for module in (carrier.package, *carrier.hooks):
        importlib.import_module(module)
    before = functions(carrier.package)

    carrier.instrument()
    once = functions(carrier.package)
    carrier.instrument()
    twice = functions(carrier.package)
    carrier.uninstrument()

    assert changed(before, once)
    assert changed(once, twice) == []
    assert changed(before, functions(carrier.package)) == []
    assert harness.faults == {}


def functions(package: str) -> dict[tuple[str, str], Any]:
    """Every function of a package's loaded modules and of their classes, by owner and name."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == package]
    classes = [one for module in modules for one in vars(module).values() if isinstance(one, type)]
    owners = [*modules, *(one for one in classes if one.__module__.partition(".")[0] == package)]
    return {
        (f"{vars(owner).get('__module__', '')}.{owner.__name__}", name): one
        for owner in owners
        for name, one in vars(owner).items()
        if isinstance(one, FunctionType)
    }


def changed(before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any]) -> list[tuple[str, str]]:
    return [key for key in before.keys() | after.keys() if before.get(key) is not after.get(key)]
