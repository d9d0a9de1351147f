"""The dashboard and the rules against a real Prometheus that scrapes a real ``/metrics``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dashboards.generate import panel_queries
from dashboards.rules import RULES, AlertRule

from miops import semconv
from miops_collector.exporters.prometheus import PrometheusExporter
from miops_collector.telemetry import Telemetry
from miops_collector.web.app import create_app
from miops_collector.web.backend import Backend
from tests.collector import sample_report as sample
from tests.collector.sample_store import Submitted, sample_backend
from tests.collector.web.live_server import live_server
from tests.dashboards.prometheus_server import Prometheus, prometheus_scraping
from tests.dashboards.test_generated import selectors

COMMANDS = (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml", "rules_week_test.yml"])
FOLDER = Path(__file__).resolve().parents[2] / "dashboards"


def lively_telemetry() -> Telemetry:
    """The real counters after a busy minute."""
    telemetry = Telemetry()
    by = {semconv.TELEMETRY_KIND: "logs", semconv.TRANSPORT: "grpc"}
    for name in ("rows.received", "rows.stored", "rows.refused", "rows.deduplicated"):
        telemetry.add(name, 100, by)
    for name in ("values.ignored", "forward.dropped"):
        telemetry.add(name, 3, {semconv.TELEMETRY_KIND: "traces", semconv.REASON: "timeout"})
    telemetry.add("items.other", 5, {semconv.TELEMETRY_KIND: "metrics"})
    telemetry.add("requests", 7, by | {semconv.REQUEST_OUTCOME: "success"})
    telemetry.acknowledged(0.02)
    telemetry.observe("queue.size", lambda: 1000.0)
    telemetry.observe("queue.capacity", lambda: 10_000.0)
    telemetry.observe("queue.lag", lambda: 0.3)
    telemetry.observe("memory.usage", lambda: 4e8)
    telemetry.observe("memory.limit", lambda: 1e9)
    return telemetry


def backend() -> Backend:
    telemetry = lively_telemetry()
    prometheus = PrometheusExporter(telemetry=telemetry.snapshot)
    report = sample.report()
    labelled = tuple(sample.of_day(sample.DAYS - 20, sample.EMPLOYMENT))
    prometheus.export(replace(report, observations=(*report.observations, *labelled)))
    made = sample_backend(submitted=Submitted())
    return Backend(
        store=made.store, report=made.report, scrape=prometheus.scrape, telemetry=telemetry.snapshot,
        submit_ground_truth=made.submit_ground_truth, submit_reference=made.submit_reference,
    )  # fmt: skip


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    with (
        live_server(create_app(backend())) as url,
        prometheus_scraping(url.removeprefix("http://"), folder, rules=(FOLDER / "rules.yml",)) as running,
    ):
        running.wait_for("count_over_time(miops_collector_rows_received_total[1m]) >= 3")
        yield running


def test_scrape_succeeds(prometheus: Prometheus) -> None:
    (target,) = prometheus.targets()

    assert (target["health"], target["lastError"]) == ("up", "")


@pytest.mark.parametrize(("title", "expression"), list(panel_queries(rate_interval="10s")))
def test_every_query_of_every_panel_returns_data(prometheus: Prometheus, title: str, expression: str) -> None:
    assert prometheus.wait_for(expression, seconds=10), f"{title}: no data for {expression}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_loaded_without_error_and_asks_for_what_is_scraped(
    prometheus: Prometheus, rule: AlertRule
) -> None:
    asked = {selector.name for selector in selectors(rule.expression)}

    assert prometheus.wait_for_rule(rule.name) == "ok"
    assert [name for name in asked if not prometheus.query(f"count({name})")] == []


def test_the_firing_alarm_reaches_prometheus_as_an_alert(prometheus: Prometheus) -> None:
    found = prometheus.wait_for('ALERTS{alertname="MIOpsModelAlarm", alertstate="firing", miops_column="age"}')

    assert [series["metric"]["miops_model_name"] for series in found] == ["employment"]


def test_hostile_names_arrive_unchanged(prometheus: Prometheus) -> None:
    names = {series["metric"]["miops_model_name"] for series in prometheus.query("miops_window_rows")}

    assert sample.HOSTILE.name in names


@pytest.mark.parametrize("command", COMMANDS)
def test_promtool_accepts_rules_and_their_tests(command: list[str]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: apt-get install prometheus")

    done = subprocess.run([promtool, *command], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr
