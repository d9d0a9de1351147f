"""Writes ``docs/serving.md`` from test results: what was seen of predictions behind each serving stack.

``python -m docs.generate_serving [NAME.xml …]``: results (``pytest tests/serving --junitxml=NAME.xml``) of stacks that
were installed there become ``docs/serving/NAME.json``, and the page is made of all of these. ``make test-serving`` does
both, with each heavy stack in an environment of its own.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias
from xml.etree import ElementTree as ET  # our own results

__all__ = ["PAGE", "page", "results", "stored"]

_DOCS = Path(__file__).resolve().parent
PAGE = _DOCS / "serving.md"
RESULTS = _DOCS / "serving"
_NAME = re.compile(r"test_(\w+)\[(.+)\]")
_WHERE = re.compile(r"^.*?\.py:\d+: ")
_TESTS = _ARRIVES, _RESTART = (
    "every_prediction_arrives_once_and_hangs_under_its_request",
    "what_was_answered_just_before_a_restart_arrives",
)
_PASSED, _FAILED = "✓", "**failed**"

_HEAD: Final = """# Serving stacks

Generated from the results of `tests/serving` by `python -m docs.generate_serving`; do not edit. Each stack is a real
process that is asked over real HTTP under `opentelemetry-instrument`, with no MIOps import in the serving code;
`make test-serving` runs all, the heavy ones each in an environment of its own (`requirements/serving`). Fifty callers
with traces of their own send requests, 25 at a time; every fifth has decided that its trace is not kept.

"""
_COLUMNS: Final = (
    "stack", "tested with", "every prediction arrives once", "a row hangs together with its request by",
    "baggage of the caller is on the row", "rows of the last second before a restart",
)  # fmt: skip
_TIES: Final = {
    "span": "its span, under the server's",
    "links": "links of its span to the server's spans, or to those under them",
    "trace": "its trace",
    "none": "nothing",
}
_TAIL: Final = """
A span that is under the server's has its trace, and none is made where the caller's trace is not kept. With links the
prediction has a trace of its own: requests of different traces share it, so none is its parent, and what they say by
baggage is not on its rows. A row that is alone in its batch is as good as without batches.
"""

Result: TypeAlias = dict[str, str]
"""Of one stack: the properties that its test recorded, and what became of each test."""


def results(tree: ET.ElementTree[ET.Element]) -> dict[str, Result]:
    """By stack that was installed, what was seen of it."""
    found: dict[str, Result] = {}
    for case in tree.iter("testcase"):
        named = _NAME.fullmatch(case.get("name", ""))
        if named is None or named[1] not in _TESTS or "make test-serving" in (outcome := _outcome(case)):
            continue
        told = {str(one.get("name")): str(one.get("value")) for one in case.iter("property")}
        found.setdefault(named[2], {}).update(told, **{named[1]: outcome})
    return found


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return _FAILED
    skipped = case.find("skipped")
    return _PASSED if skipped is None else _WHERE.sub("", skipped.text or "") or skipped.get("message", "")


def page(told: Mapping[str, Result]) -> str:
    """The table, with a line for each stack."""
    stacks = sorted(told.items())
    reasons = list(dict.fromkeys(one["why"] for _, one in stacks if one.get("why")))
    lines = [_line(_COLUMNS), "|---" * len(_COLUMNS) + "|"]
    lines += [_line((name, *_cells(one, reasons))) for name, one in stacks]
    notes = ["", *(f"{number}. {reason}." for number, reason in enumerate(reasons, 1)), ""]
    return _HEAD + "\n".join(lines + notes) + _TAIL


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells(one: Result, reasons: Sequence[str]) -> tuple[str, ...]:
    if one[_ARRIVES] != _PASSED:
        return one.get("tested_with", ""), one[_ARRIVES], "", "", ""
    tie = _TIES[one["tie"]] + (f" ({reasons.index(one['why']) + 1})" if one.get("why") else "")
    restart = {_PASSED: "arrive", _FAILED: _FAILED}.get(one[_RESTART], f"are lost: {one[_RESTART]}")
    return one["tested_with"], _PASSED, tie, {"True": "✓", "False": "–"}[one["baggage"]], restart


def stored() -> dict[str, Result]:
    """The last results of every stack."""
    told: dict[str, Result] = {}
    for path in sorted(RESULTS.glob("*.json")):
        told |= json.loads(path.read_text())
    return told


def main(paths: Sequence[str]) -> None:
    RESULTS.mkdir(exist_ok=True)
    for path in map(Path, paths):
        found = results(ET.parse(path))  # noqa: S314
        text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
        (RESULTS / f"{path.stem}.json").write_text(f"{text}\n")
    PAGE.write_text(page(stored()))


if __name__ == "__main__":
    main(sys.argv[1:])
