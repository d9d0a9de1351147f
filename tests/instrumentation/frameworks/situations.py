"""One program that meets packages which are absent, too old, broken or strange, or that it never imports."""

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

from .discovered import instrumentor

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
def met(names: tuple[str, ...], content: str | None, *, absent: bool = False, asked: bool = True) -> Answer:
    """Run the program with packages that consist of ``content``, or with the real ones."""
    modules = {name: _modules(name) for name in names} if asked else {}
    packages = [instrumentor(name).package for name in names] if absent else []
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    environ["OTEL_LOGS_EXPORTER"] = "none"
    with tempfile.TemporaryDirectory() as folder:
        if content is not None:
            environ["PYTHONPATH"] = folder
            for name in names:
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
    (package, *_) = modules
    for module in modules:
        place = folder.joinpath(*module.split("."))
        place.mkdir(parents=True, exist_ok=True)
        (place / "__init__.py").write_text(content if module == package else "")


def lines(answer: Answer, name: str) -> list[str]:
    """What was logged about a package, by its name or that of its instrumentor."""
    one = instrumentor(name)
    about = (f"miops: {one.package} ", f"miops: {one.framework}_", f"miops: {one.package}_")
    assert all(line.startswith("miops: ") for line in answer.logged), answer.logged
    return [line for line in answer.logged if line.startswith(about)]
