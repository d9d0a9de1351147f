"""Writes ``docs/frameworks.md`` from test results: which promise is kept for which framework, or why not.

``python -m docs.generate_frameworks [RESULTS.xml …]``: without results the conformance suite is run here; several
results (``pytest tests/instrumentation/frameworks --junitxml=RESULTS.xml``) are from several environments, as not
every framework is in the one of ``make test``. A check that passed anywhere has passed, one that failed anywhere
has failed, and what was skipped everywhere says why.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET  # our own results

_ROOT = Path(__file__).resolve().parents[1]
_SUITE = "tests/instrumentation/frameworks"
_PAGE = _ROOT / "docs" / "frameworks.md"
_NAME = re.compile(r"test_(\w+)\[([\w.]+?)(?:-(.+))?\]")
_WHERE = re.compile(r"^.*?\.py:\d+: ")
_PASSED, _FAILED = "✓", "**failed**"

_HEAD = """# Frameworks

Generated from the results of the conformance suite (`tests/instrumentation/frameworks`) by
`python -m docs.generate_frameworks`; do not edit. Every check runs on every way a framework has to predict, against
its real released package. ✓ = holds; a number = not applicable or not run, for the reason below.
"""


class Result(NamedTuple):
    """One test on one framework: a mark, or the reason why it was skipped."""

    check: str
    framework: str
    mark: str
    reason: str


def _run() -> Path:
    results = Path(tempfile.mkdtemp()) / "results.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", _SUITE, f"--junitxml={results}"]
    subprocess.run(command, cwd=_ROOT, check=False)  # noqa: S603  # ours, from a constant
    return results


def _results(tree: ET.ElementTree[ET.Element]) -> Iterable[Result]:
    for case in tree.iter("testcase"):
        found = _NAME.fullmatch(case.get("name", ""))
        if found is not None:
            check = found[1].replace("_", " ") + (f": {found[3]}" if found[3] else "")
            yield Result(check, found[2], *_outcome(case))


def _outcome(case: ET.Element) -> tuple[str, str]:
    if case.find("failure") is not None or case.find("error") is not None:
        return _FAILED, ""
    skipped = case.find("skipped")
    if skipped is None:
        return _PASSED, ""
    return "", _WHERE.sub("", skipped.text or "") or skipped.get("message", "")


def _merged(results: Iterable[Result]) -> dict[tuple[str, str], Result]:
    """The strongest of several results of a check; among reasons the one that is not a missing package."""
    cells: dict[tuple[str, str], Result] = {}
    for result in results:
        key = result.check, result.framework
        cells[key] = max(cells.get(key, result), result, key=_strength)
    return cells


def _strength(result: Result) -> int:
    return 3 if result.mark == _FAILED else 2 if result.mark else 1 if "not installed" not in result.reason else 0


def _page(cells: Mapping[tuple[str, str], Result], versions: Mapping[str, str]) -> str:
    frameworks = sorted({framework for _, framework in cells})
    checks = list(dict.fromkeys(check for check, _ in cells))
    reasons = list(dict.fromkeys(cell.reason for cell in cells.values() if not cell.mark))
    lines = [_HEAD, "| | " + " | ".join(frameworks) + " |", "|---|" + "---|" * len(frameworks)]
    lines.append("| tested with | " + " | ".join(versions.get(name, "not installed") for name in frameworks) + " |")
    for check in checks:
        marks = (_mark(cells.get((check, framework)), reasons) for framework in frameworks)
        lines.append(f"| {check} | " + " | ".join(marks) + " |")
    lines += ["", *(f"{number}. {reason}." for number, reason in enumerate(reasons, 1))]
    return "\n".join(lines) + "\n"


def _mark(cell: Result | None, reasons: Sequence[str]) -> str:
    if cell is None:
        raise SystemExit("a check was not run on every framework: the results are not of one version of the suite")
    return cell.mark or str(reasons.index(cell.reason) + 1)


def main(paths: Sequence[str]) -> None:
    trees = [ET.parse(path) for path in ([Path(path) for path in paths] or [_run()])]  # noqa: S314
    versions = {str(told.get("name")): str(told.get("value")) for tree in trees for told in tree.iter("property")}
    _PAGE.write_text(_page(_merged(result for tree in trees for result in _results(tree)), versions))


if __name__ == "__main__":
    main(sys.argv[1:])
