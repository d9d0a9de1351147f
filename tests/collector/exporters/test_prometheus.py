from __future__ import annotations

import shutil
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from miops_collector.exporters.prometheus import PrometheusExporter, exposition
from miops_collector.metric import Metric, Point
from miops_collector.report import Report
from tests.collector import sample_report as sample
from tests.collector.sample_store import sample_telemetry

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


def exporter() -> PrometheusExporter:
    made = PrometheusExporter(telemetry=sample_telemetry)
    made.export(sample.report())
    return made


def test_page_has_the_value_with_its_labels() -> None:
    body, content_type = exporter().scrape()

    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    expected = {"miops_column": "age", "miops_model_name": "employment", "miops_model_version": "2015-12",
                "miops_window": "1d"}  # fmt: skip
    samples = [s for family in parse_plain(body.decode()) for s in family.samples]
    assert [s.value for s in samples if s.name == "miops_drift_psi" and s.labels == expected] == [pytest.approx(0.9)]


def test_openmetrics_is_well_formed_and_holds_the_same_samples() -> None:
    plain, _ = exporter().scrape()
    body, content_type = exporter().scrape(OPENMETRICS)

    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    strict = {(s.name, *sorted(s.labels.items())): s.value
              for family in parse_openmetrics(body.decode()) for s in family.samples}  # fmt: skip
    loose = {(s.name, *sorted(s.labels.items())): s.value
             for family in parse_plain(plain.decode()) for s in family.samples}  # fmt: skip
    assert strict == loose
    assert ("miops_window_end_seconds", ("miops_model_name", "employment"), ("miops_model_version", "2015-12"),
            ("miops_window", "1d")) in strict  # fmt: skip


def test_counters_end_in_total_and_units_are_spelled_out() -> None:
    metrics = (
        Metric("miops.collector.rows.stored", "counter", "{row}", "Rows.", (Point(3.0),)),
        Metric("miops.collector.commit.duration", "gauge", "s", "Time.", (Point(0.5),)),
    )

    body, _ = exposition(metrics, "")

    text = body.decode()
    assert "# TYPE miops_collector_rows_stored_total counter\nmiops_collector_rows_stored_total 3.0\n" in text
    assert "miops_collector_commit_duration_seconds 0.5\n" in text


def test_hostile_names_stay_inside_their_label() -> None:
    body, _ = exporter().scrape(OPENMETRICS)

    names = {s.labels["miops_model_name"] for family in parse_openmetrics(body.decode()) for s in family.samples
             if "miops_model_name" in s.labels}  # fmt: skip
    assert names == {sample.EMPLOYMENT.name, sample.HOSTILE.name, sample.HOUSES.name}


def test_a_series_without_data_disappears() -> None:
    exported = exporter()
    assert b"miops_drift_psi{" in exported.scrape()[0]

    exported.export(Report(computed_at=1))

    assert b"miops_drift_psi{" not in exported.scrape()[0]


def test_after_shutdown_only_the_collectors_own_counters_are_left() -> None:
    exported = exporter()
    exported.shutdown()
    exported.export(sample.report())

    body, _ = exported.scrape()
    assert b"miops_drift" not in body
    assert b"miops_collector_rows_received_total" in body


@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "text/plain", "garbage;;q=x,,"])
def test_anything_else_is_answered_in_plain_text(accept: str) -> None:
    assert exporter().scrape(accept)[1].startswith("text/plain; version=0.0.4")


def test_promtool_finds_no_fault() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    body, _ = exporter().scrape()

    checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False, timeout=30)

    assert (checked.returncode, checked.stderr.decode()) == (0, "")


def test_a_histogram_counts_all_that_are_at_most_a_bound() -> None:
    metric = Metric(
        "miops.collector.commit.duration", "histogram", "s", "Time.", (Point(4.5, counts=(2, 1, 1)),), bounds=(0.5, 1.0)
    )

    expected = {
        ("miops_collector_commit_duration_seconds_bucket", "0.5"): 2.0,
        ("miops_collector_commit_duration_seconds_bucket", "1.0"): 3.0,
        ("miops_collector_commit_duration_seconds_bucket", "+Inf"): 4.0,
        ("miops_collector_commit_duration_seconds_count", ""): 4.0,
        ("miops_collector_commit_duration_seconds_sum", ""): 4.5,
    }
    for parse, accept in ((parse_plain, ""), (parse_openmetrics, OPENMETRICS)):
        (family,) = parse(exposition((metric,), accept)[0].decode())
        assert family.type == "histogram"
        assert {(s.name, s.labels.get("le", "")): s.value for s in family.samples} == expected
