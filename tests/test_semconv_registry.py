"""The registry holds constants, emitted telemetry and documents to the same names."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from docs.generate_reference import outputs
from docs.semconv.reader import FOLDER, attributes, groups, signals
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.linear_model import LinearRegression, LogisticRegression

import miops
from miops import semconv
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops_collector.exporters.prometheus import metric_name
from miops_collector.exporters.series import metrics_of
from miops_collector.report import Report
from miops_collector.signals import evaluate_all
from miops_collector.statistics import families, statistics_of
from miops_collector.telemetry import Telemetry
from tests.collector import sample_report as sample
from tests.collector.signals import models as small
from tests.live_check import check_signal

ROOT = Path(__file__).resolve().parents[1]
CONSTANTS = {name: value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)}
PREFIXES = {value for name, value in CONSTANTS.items() if name.endswith("_PREFIX") and value.startswith("miops.")}
NAMES = {value for value in CONSTANTS.values() if value.startswith("miops.")} - PREFIXES
BY_DISCOVERY = ("docs/semconv/registry/metrics_statistics.yaml", "docs/semconv/registry/metrics_collector.yaml")


def discovered() -> set[str]:
    """Names nobody writes down: of statistics, their references, and our own instruments."""
    files = (yaml.safe_load((ROOT / path).read_text()) for path in BY_DISCOVERY)
    return {group["metric_name"] for file in files for group in file["groups"]}


def described() -> set[str]:
    plain = {name for name, a in attributes().items() if not a.template}
    return plain | signals("metric").keys() | signals("event").keys()


# --- the registry itself ------------------------------------------------------------------------------------


def test_every_group_has_what_weaver_asks_for() -> None:
    for group in groups():
        assert group["id"]
        assert len(group["brief"]) > 10, group["id"]
        if group["type"] == "attribute_group":
            continue
        assert group["stability"] == "development"
        needed = {"metric": {"metric_name", "instrument", "unit"}, "event": {"name"}, "span": {"span_kind"}}
        assert needed[group["type"]] <= group.keys(), group["id"]


def test_every_attribute_has_type_stability_meaning_and_examples() -> None:
    for group in groups():
        for a in group["attributes"] if group["type"] == "attribute_group" else ():
            assert a["stability"] == "development"
            assert len(a["brief"]) > 10
            enum = isinstance(a["type"], dict)
            assert enum or a.get("examples") or a["type"] == "boolean", a["id"]
            assert not enum or all({"id", "value", "stability"} <= m.keys() for m in a["type"]["members"])


def test_ids_and_names_are_unique_and_well_formed() -> None:
    ids = Counter(group["id"] for group in groups())
    assert [i for i, count in ids.items() if count > 1] == []
    assert attributes().keys() & signals("metric").keys() == set()
    for name in described() | {a.name for a in attributes().values()}:
        assert re.fullmatch(r"miops(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+", name), name


def test_every_reference_leads_to_an_attribute() -> None:
    for kind in ("metric", "event", "span"):
        for s in signals(kind).values():
            assert [name for name, _ in s.attributes if name not in attributes() and name != semconv.ERROR_TYPE] == []


def test_no_two_metrics_have_the_same_name_in_promql() -> None:
    names = Counter(metric_name(s.name, unit=s.unit, instrument=s.instrument) for s in signals("metric").values())

    assert [name for name, count in names.items() if count > 1] == []


def test_the_manifest_names_this_schema() -> None:
    assert yaml.safe_load((FOLDER / "manifest.yaml").read_text())["schema_url"] == semconv.SCHEMA_URL


@pytest.mark.parametrize("path", list(outputs()))
def test_generated_files_are_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == outputs()[path](), "run `make docs`"


# --- constants ----------------------------------------------------------------------------------------------


def test_every_constant_is_described() -> None:
    assert NAMES - described() - signals("span").keys() == set()


def test_every_described_name_is_a_constant_or_discovered() -> None:
    assert described() - NAMES - discovered() == set()


def test_prefixes_are_templates_of_the_registry() -> None:
    templates = {f"{a.name}." for a in attributes().values() if a.template}
    of_metrics = {semconv.METRIC_PREFIX, semconv.COLLECTOR_PREFIX, semconv.METRIC_REFERENCE_PREFIX,
                  semconv.METRIC_INTERVAL_LOW_PREFIX, semconv.METRIC_INTERVAL_HIGH_PREFIX}  # fmt: skip

    assert templates == PREFIXES - of_metrics


def test_tasks_are_the_members_of_the_registry() -> None:
    assert attributes()[semconv.MODEL_TASK].members == semconv.TASKS


def test_every_discovered_statistic_is_described_with_its_unit() -> None:
    found = {s.metric: s.about.unit for family in families() for s in statistics_of(family)}
    known = {name: s.unit for name, s in signals("metric").items()}

    assert {name: known.get(name) for name in found} == found


# --- what the collector emits -------------------------------------------------------------------------------


def evaluated() -> Report:
    """Every signal of a binary classifier, with and without truth."""
    now, then = small.binary(), small.binary(3.0)
    found = evaluate_all(small.CONTEXT, then, now)
    return Report(0, tuple(found))


@pytest.mark.parametrize("report", [sample.report, evaluated])
def test_what_the_collector_exports_is_in_the_registry(report: Any) -> None:
    metrics = metrics_of(report(), budget=100_000)

    assert len(metrics) > 20
    wrong = [
        w for m in metrics for p in m.points
        for w in check_signal("metric", m.name, p.attributes, instrument=m.instrument, unit=m.unit)
    ]  # fmt: skip
    assert sorted(set(wrong)) == []


def test_every_observation_a_signal_makes_is_in_the_registry() -> None:
    assert {o.metric for o in evaluated().observations} <= signals("metric").keys()


def test_what_the_collector_counts_about_itself_is_in_the_registry() -> None:
    telemetry = Telemetry()
    telemetry.acknowledged(0.1)
    by = {semconv.TELEMETRY_KIND: "logs", semconv.TRANSPORT: "grpc"}
    telemetry.add("requests", 1, by | {semconv.REQUEST_OUTCOME: "success"})
    telemetry.add("rows.stored", 1, {semconv.ROW_KIND: "predictions"})
    telemetry.add("rows.refused", 1, {semconv.TELEMETRY_KIND: "traces", semconv.REASON: "no model name"})

    wrong = [
        w for m in telemetry.snapshot() for p in m.points
        for w in check_signal("metric", m.name, p.attributes, instrument=m.instrument, unit=m.unit)
    ]  # fmt: skip
    assert wrong == []


# --- what the instrumentation emits -------------------------------------------------------------------------


class Emitted:
    """Spans, metrics and events of a model server that does everything once."""

    def __init__(self) -> None:
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        meters = MeterProvider([self.reader], shutdown_on_exit=False)
        instrumentor = SklearnInstrumentor()
        with miops.testing.record(tracer_provider=tracers, meter_provider=meters) as harness:
            instrumentor.instrument()
            try:
                serve()
            finally:
                instrumentor.uninstrument()
            self.events = harness.events()
            self.metrics = list(self._metrics())
        meters.shutdown()
        tracers.shutdown()

    def _metrics(self) -> Iterator[Metric]:
        data = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                yield from scope.metrics


def serve() -> None:
    x, labels = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array(["no", "no", "yes", "yes"])
    classifier = LogisticRegression().fit(x, labels)
    miops.register(classifier, name="churn", version="1", sensitive=["x0"])
    classifier.predict(x)
    classifier.predict_proba(x[:1])
    with pytest.raises(ValueError, match="features"):
        classifier.predict(np.ones((1, 5)))
    LinearRegression().fit(x, x[:, 0]).predict(x)
    ids = miops.record_prediction("credit", features={"age": 40, "city": "Oslo"}, value="good", score=0.9)
    miops.record_ground_truth(ids[0], "bad", outcome={"loss": 3.0})
    miops.record_reference({"age": [40, 50]}, model="credit", ground_truth=["good", "bad"])


@pytest.fixture(scope="module")
def emitted() -> Emitted:
    return Emitted()


def test_every_span_is_in_the_registry(emitted: Emitted) -> None:
    spans = emitted.spans.get_finished_spans()

    assert len(spans) >= 4
    wrong = [w for s in spans for w in check_signal("span", "span.miops.predict", dict(s.attributes or {}))]
    assert wrong == []


def test_every_event_is_in_the_registry(emitted: Emitted) -> None:
    assert {e.name for e in emitted.events} == {
        semconv.EVENT_PREDICTION_BATCH, semconv.EVENT_GROUND_TRUTH_BATCH, semconv.EVENT_REFERENCE_BATCH}  # fmt: skip
    assert [w for e in emitted.events for w in check_signal("event", e.name, e.attributes)] == []


def test_every_metric_is_in_the_registry(emitted: Emitted) -> None:
    kinds = {"Histogram": "histogram", "Sum": "counter", "Gauge": "gauge"}

    def instrument(m: Metric) -> str:
        kind = kinds[type(m.data).__name__]
        return "updowncounter" if kind == "counter" and not m.data.is_monotonic else kind  # type: ignore[union-attr]

    assert len(emitted.metrics) >= 4
    wrong = [
        w for m in emitted.metrics for p in m.data.data_points
        for w in check_signal("metric", m.name, dict(p.attributes or {}), instrument=instrument(m), unit=m.unit or "")
    ]  # fmt: skip
    assert wrong == []


def test_descriptions_of_the_instrumentation_are_the_registrys(emitted: Emitted) -> None:
    known = {name: s.brief for name, s in signals("metric").items()}

    assert {m.name: m.description for m in emitted.metrics} == {m.name: known[m.name] for m in emitted.metrics}


# --- documents ----------------------------------------------------------------------------------------------


def documents() -> list[Path]:
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]
    return sorted(path for path in found if "decisions" not in path.parts)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_names_in_documents_are_in_the_registry(path: Path) -> None:
    known = described() | {a.name for a in attributes().values()}
    spaces = {".".join(name.split(".")[: i + 1]) for name in known for i in range(name.count("."))}
    mentioned = set(re.findall(r"`(miops(?:\.[a-z_0-9]+){2,})`", path.read_text(encoding="utf-8")))

    assert {name for name in mentioned - known - spaces if not _is_python(name)} == set()


def _is_python(name: str) -> bool:
    """A dotted name that leads to something in our packages."""
    module, found = "", None
    for part in name.split("."):
        module = f"{module}.{part}".strip(".")
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError:
            found = getattr(found, part, None)
            if found is None:
                return False
    return True
