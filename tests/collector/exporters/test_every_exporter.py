"""What every exporter owes, checked on each that is found."""

from __future__ import annotations

import time
from collections.abc import Callable
from inspect import getmembers, isclass

import pytest

from miops_collector._discovery import modules
from miops_collector.exporters._exporter import Exporter
from miops_collector.exporters.delivery import Answer
from miops_collector.exporters.otlp import OtlpExporter
from miops_collector.exporters.prometheus import PrometheusExporter
from miops_collector.report import Report
from tests.collector import sample_report as sample

MAKE: dict[type, Callable[[], Exporter]] = {
    PrometheusExporter: PrometheusExporter,
    OtlpExporter: lambda: OtlpExporter(lambda _body, _timeout: Answer(), interval_seconds=0.01, timeout_seconds=1),
}


def found() -> list[type]:
    classes = [c for module in modules("miops_collector.exporters").values() for _, c in getmembers(module, isclass)]
    return sorted({c for c in classes if hasattr(c, "export") and hasattr(c, "shutdown")}, key=lambda c: c.__name__)


def test_each_exporter_is_checked_here() -> None:
    assert set(found()) == set(MAKE)


@pytest.mark.parametrize("kind", list(MAKE))
def test_shutdown_before_any_report_and_twice_is_fine(kind: type) -> None:
    exporter = MAKE[kind]()

    exporter.shutdown()
    exporter.shutdown()


@pytest.mark.parametrize("kind", list(MAKE))
def test_a_report_is_taken_at_once(kind: type) -> None:
    exporter = MAKE[kind]()
    exporter.export(Report(0))
    started = time.monotonic()
    for _ in range(3):
        exporter.export(sample.report())
    elapsed = time.monotonic() - started
    exporter.shutdown()

    assert elapsed < 1.0


@pytest.mark.parametrize("kind", list(MAKE))
def test_empty_hostile_and_undefined_reports_are_no_error(kind: type) -> None:
    exporter = MAKE[kind]()
    for report in (Report(0), sample.report(), Report(1, sample.history(sample.HOSTILE), sample.alerts()), Report(2)):
        exporter.export(report)
    exporter.shutdown()


@pytest.mark.parametrize("kind", list(MAKE))
def test_a_report_after_shutdown_is_ignored(kind: type) -> None:
    exporter = MAKE[kind]()
    exporter.shutdown()

    exporter.export(sample.report())
    exporter.shutdown()
