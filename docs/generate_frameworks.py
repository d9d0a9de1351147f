"""Writes ``docs/frameworks.md`` from test results: which promise is kept for which framework, or why not.

``python -m docs.generate_frameworks [RESULTS.xml …]``: results (``pytest tests/instrumentation/frameworks
--junitxml=RESULTS.xml``) of frameworks that were installed there become ``docs/frameworks/NAME.json``, and the page is
made of all of these. ``make test-frameworks`` does both, with each heavy framework in an environment of its own.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree as ET  # our own results

__all__ = ["PAGE", "RESULTS", "page", "results", "stored"]

_DOCS = Path(__file__).resolve().parent
PAGE = _DOCS / "frameworks.md"
RESULTS = _DOCS / "frameworks"
_NAME = re.compile(r"test_(\w+)\[([\w.]+?)(?:-(.+))?\]")
_WHERE = re.compile(r"^.*?\.py:\d+: ")
_PASSED, _FAILED = "✓", "**failed**"

_HEAD = """# Frameworks

Generated from the results of the conformance suite (`tests/instrumentation/frameworks`) by
`python -m docs.generate_frameworks`; do not edit. Every check runs on every way a framework has to predict, against
its real released package; `make test-frameworks` runs those that are too heavy for `make test`, each in an
environment of its own (`requirements/frameworks`). ✓ = holds; a number = does not apply, for the reason below.
"""

Result: TypeAlias = dict[str, Any]
"""Of one framework: ``tested_with``, and ``checks``: by check a mark, or the reason why it does not apply."""


def results(tree: ET.ElementTree[ET.Element]) -> dict[str, Result]:
    """By framework that was installed, what became of every check."""
    versions = {str(told.get("name")): str(told.get("value")) for told in tree.iter("property")}
    found: dict[str, Result] = {name: {"tested_with": told, "checks": {}} for name, told in versions.items()}
    for case in tree.iter("testcase"):
        named = _NAME.fullmatch(case.get("name", ""))
        if named is not None and named[2] in found:
            check = named[1].replace("_", " ") + (f": {named[3]}" if named[3] else "")
            found[named[2]]["checks"][check] = _outcome(case)
    return {name: one for name, one in found.items() if one["checks"]}


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return _FAILED
    skipped = case.find("skipped")
    if skipped is None:
        return _PASSED
    return _WHERE.sub("", skipped.text or "") or skipped.get("message", "")


def page(told: Mapping[str, Result]) -> str:
    """The table, with a column for each framework."""
    frameworks = sorted(told)
    checks = list(dict.fromkeys(check for name in frameworks for check in told[name]["checks"]))
    cells = [[_cell(told[name], name, check) for name in frameworks] for check in checks]
    reasons = list(dict.fromkeys(cell for row in cells for cell in row if cell not in (_PASSED, _FAILED)))
    lines = [_HEAD, "| | " + " | ".join(frameworks) + " |", "|---|" + "---|" * len(frameworks)]
    lines.append("| tested with | " + " | ".join(told[name]["tested_with"] for name in frameworks) + " |")
    for check, row in zip(checks, cells, strict=True):
        marks = (str(reasons.index(cell) + 1) if cell in reasons else cell for cell in row)
        lines.append(f"| {check} | " + " | ".join(marks) + " |")
    lines += ["", *(f"{number}. {reason}." for number, reason in enumerate(reasons, 1))]
    return "\n".join(lines) + "\n"


def _cell(told: Result, name: str, check: str) -> str:
    if check not in told["checks"]:
        raise SystemExit(f"{check!r} was not run on {name}: its results are of another version of the suite")
    return str(told["checks"][check])


def stored() -> dict[str, Result]:
    """The last results of every framework."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}


def _store(found: Iterable[tuple[str, Result]], variant: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    for name, result in found:
        (RESULTS / f"{name}{variant}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def main(paths: Sequence[str], variant: str = "") -> None:
    """Store results, of a framework's ``variant`` (``-jax``) beside it, and write the page."""
    for path in paths:
        _store(results(ET.parse(path)).items(), variant)  # noqa: S314
    PAGE.write_text(page(stored()))


if __name__ == "__main__":
    main(sys.argv[1:])
