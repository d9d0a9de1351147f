"""The demo as its users run it, at a tenth of its rows."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.collector_process import COMMAND

SHARE = "0.1"
NORMAL_PORT = 4318
FIRST_FAULTY_WEEK, LAST_EARLY_WEEK = "2018-09-27", "2018-10-18"
"""Starts of windows: weeks are counted from 1970, so the first one with faulty rows begins four days before October."""
YEARS = ("2016", "2017", "2018")
FAMILIES = {"drift", "performance", "fairness", "quality", "confidence", "calibration", "latency", "window"}


@dataclass(frozen=True)
class Run:
    code: int
    text: str
    report: dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("demo")
    report = folder / "report.json"
    command = [COMMAND, "demo", "--exit", "--share", SHARE, "--report", str(report), "--data-dir", str(folder / "data")]
    with taken(NORMAL_PORT):
        done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    yield Run(done.returncode, done.stdout, json.loads(report.read_text()))
    assert not left_behind(folder)


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Somebody listens there: we, if nobody did."""
    with socket.socket() as listener:
        with suppress(OSError):
            listener.bind(("127.0.0.1", port))
            listener.listen()
        yield


def left_behind(folder: Path) -> list[Path]:
    """Files outside the data directory and the report."""
    return [path for path in folder.iterdir() if path.name not in {"data", "report.json"}]


def test_every_row_is_accounted_for(run: Run) -> None:
    rows = run.report["rows"]

    assert rows["sent"] == rows["stored"] + rows["refused"] > 20_000
    assert (rows["refused"], rows["deduplicated"], rows["dropped"]) == (0, 0, 0)


def test_a_taken_port_is_named_and_another_one_used(run: Run) -> None:
    assert f"Port {NORMAL_PORT} (otlp.http) is taken, using " in run.text


def test_the_report_has_the_form_of_the_wire_contract(run: Run) -> None:
    assert run.report.keys() == {"rows", "elapsed_seconds", "settled", "observations", "alarms"}
    assert run.report["rows"].keys() == {"sent", "stored", "refused", "deduplicated", "dropped"}
    wanted = {"metric", "model", "version", "column", "segment", "sensitive_feature", "group", "window",
              "window_start", "window_end", "computed_at", "value", "n", "n_reference", "status"}  # fmt: skip
    assert all(wanted <= o.keys() for o in run.report["observations"])
    assert all(o["value"] is not None or o["reason"] for o in run.report["observations"])
    wanted = {"rule", "metric", "model", "version", "column", "segment", "state", "since", "value", "threshold",
              "severity", "evidence", "window", "window_end", "examples"}  # fmt: skip
    assert all(wanted <= a.keys() for a in run.report["alarms"])


@pytest.mark.parametrize("year", YEARS)
def test_every_family_has_numbers_of_every_year(run: Run, year: str) -> None:
    of_year = [o for o in run.report["observations"] if o["window_start"].startswith(year) and o["window"] == "30d"]

    assert {o["metric"].split(".")[1] for o in of_year if o["value"] is not None} >= FAMILIES


def test_the_fault_is_found_when_it_is_there_and_traced_to_its_column(run: Run) -> None:
    of_age = [a for a in run.report["alarms"] if a["rule"] == "drift" and a["column"] == "AGEP"]

    assert [a["state"] for a in of_age] == ["firing"]
    (alarm,) = of_age
    assert FIRST_FAULTY_WEEK <= alarm["since"][:10] <= LAST_EARLY_WEEK
    assert alarm["evidence"]["cause"] == "unit_change"
    assert "×12 (months for years?)" in alarm["what"]
    assert alarm["examples"]
    assert run.report["alarms"].index(alarm) == 0


def test_the_table_says_what_the_report_says(run: Run) -> None:
    assert "Injected fault: ages are sent in months" in run.text
    assert f"{run.report['rows']['sent']:,}" in run.text
    for word in (*YEARS, "performance.roc_auc", "firing", "AGEP", "/metrics", "dashboards/miops.json"):
        assert word in run.text
