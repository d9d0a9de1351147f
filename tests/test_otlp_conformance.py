"""The published suite against our own collector, as a process with real files, and against Rotel where it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.otlp_conformance.answer import WireName
from tests.otlp_conformance.case import Case, Skip, discover
from tests.otlp_conformance.compare import TABLE
from tests.otlp_conformance.run import run, wires
from tests.otlp_conformance.targets import ROTEL_INSTALL, collector, rotel, rotel_agent
from tests.otlp_conformance.wire import Wire

CASES = tuple(discover())
LIMIT_MIB = 16
"""Smaller than the default, so that requests at the limit and bombs take less time."""

Wires = Mapping[WireName, Wire]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wires]:
    with collector(tmp_path_factory.mktemp("conformance"), limit_mib=LIMIT_MIB) as target, wires(target) as each:
        yield each


@pytest.mark.parametrize(("case", "wire"), [pytest.param(c, wire, id=f"{c.id}-{wire}") for c in CASES for wire in c.on])
def test_the_collector_meets(case: Case, wire: WireName, ours: Wires) -> None:
    try:
        case.run(ours[wire])
    except Skip as why:
        pytest.fail(f"nothing was seen: {why}")


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES) > 50


def test_published_table_has_every_case_and_ours_are_met() -> None:
    rows = {line.split("|")[1].strip(): line for line in TABLE.read_text(encoding="utf-8").splitlines() if "|" in line}

    assert {f"`{case.id}`" for case in CASES} <= set(rows)
    for case in CASES:
        ours, theirs = rows[f"`{case.id}`"].split("|")[4:7], rows[f"`{case.id}`"].split("|")[7:10]
        assert "".join(sign.strip() for sign in ours) == "✓" * len(case.on), case.id
        assert len(theirs) == 3


def test_the_suite_finds_faults(tmp_path: Path) -> None:
    """Rotel is known to answer 404 without a Status; a suite that sees no fault in it sees none at all."""
    if rotel_agent() is None:
        pytest.skip(f"Rotel is not installed: {ROTEL_INSTALL}")
    with rotel(tmp_path) as target:
        results = {r.case.name: r.outcome for r in run(target, (c for c in CASES if c.topic == "errors"))}

    assert results["body_of_404"] == "fail"
    assert results["unknown_method"] == "pass"
