"""Frameworks that are absent, too old, broken or strange, and those that the program never imports.

Each situation is one program that meets all frameworks; every framework looks at its own part of the answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .discovered import instrumentor, names

_PROGRAM = """
import importlib, json, sys
frameworks, absent = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(absent))
import miops
miops.instrument()
seen = {}
for name, modules in frameworks.items():
    try:
        for module in modules:
            importlib.import_module(module)
        seen[name] = "runs"
    except Exception as error:
        seen[name] = f"{type(error).__name__}: {error}"
miops.uninstrument()
print(json.dumps([seen, sorted(sys.modules)]))
"""


class Answer(NamedTuple):
    """What became of every import, which modules there are at the end, and what was logged."""

    seen: Mapping[str, str]
    modules: list[str]
    logged: list[str]


@cache
def _answer(content: str | None, *, absent: bool = False, asked: bool = True) -> Answer:
    """Run the program with frameworks that consist of ``content``, or with the real ones."""
    modules = {name: _modules(name) for name in names()} if asked else {}
    packages = [instrumentor(name).package for name in names()] if absent else []
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    environ["OTEL_LOGS_EXPORTER"] = "none"
    with tempfile.TemporaryDirectory() as folder:
        if content is not None:
            environ["PYTHONPATH"] = folder
            for name in names():
                _write(Path(folder), modules[name], content)
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, json.dumps([modules, packages])],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            env=environ,
        )
    return Answer(*json.loads(done.stdout), done.stderr.splitlines())


def _modules(name: str) -> list[str]:
    """The package first, then what is waited for in it."""
    one = instrumentor(name)
    return sorted({one.package, *(module for module in one.hooks if module.partition(".")[0] == one.package)})


def _write(folder: Path, modules: list[str], content: str) -> None:
    for module in modules:
        place = folder.joinpath(*module.split("."))
        place.mkdir(parents=True, exist_ok=True)
        (place / "__init__.py").write_text(content if module == modules[0] else "")


def _lines(answer: Answer, framework: str) -> list[str]:
    """What was logged about a framework, by the name of its package or its own."""
    one = instrumentor(framework)
    about = (f"miops: {one.package} ", f"miops: {one.framework}_", f"miops: {one.package}_")
    assert all(line.startswith("miops: ") for line in answer.logged), answer.logged
    return [line for line in answer.logged if line.startswith(about)]


def test_not_imported_unless_the_program_does(framework: str) -> None:
    answer = _answer(None, asked=False)

    assert instrumentor(framework).package not in answer.modules
    assert answer.logged == []


def test_absent(framework: str) -> None:
    answer = _answer(None, absent=True)

    assert answer.seen[framework].startswith("ModuleNotFoundError")
    assert _lines(answer, framework) == []


def test_too_old_is_one_clear_line(framework: str) -> None:
    one = instrumentor(framework)
    answer = _answer('__version__ = "0.0.1"\n')

    oldest = ".".join(map(str, one.minimum))
    line = f"miops: {one.package} 0.0.1 is not instrumented; it needs {oldest} or later"
    assert answer.seen[framework] == "runs"
    assert _lines(answer, framework) == [line]


def test_a_broken_import_stays_the_programs_own_error(framework: str) -> None:
    answer = _answer('raise RuntimeError("cannot find its library")\n')

    assert answer.seen[framework] == "RuntimeError: cannot find its library"
    assert _lines(answer, framework) == []


def test_another_shape_than_expected_is_one_line_and_no_error(framework: str) -> None:
    answer = _answer('__version__ = "99.0"\n')

    (line,) = _lines(answer, framework)
    assert answer.seen[framework] == "runs"
    assert "_not_instrumented: AttributeError: " in line
