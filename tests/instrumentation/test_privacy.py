"""What is private stays in the process: in no event, span, metric or log line."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import baggage, context
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.base import BaseEstimator

import miops
from miops.config import Config, read_config
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops.testing import Harness

REFERENCE, TRUTH = "miops.reference.batch", "miops.ground_truth.batch"
RULES = "number=bucket(0, 1000000);exact=round(-9);text=truncate(2);name=hash;gone=drop"


class Quoting(BaseEstimator):
    """Its errors quote its input."""

    def predict(self, X: Any) -> Any:
        raise ValueError(f"cannot understand {X!r}")


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Exported:
    """Every byte that leaves the process."""

    def __init__(self, harness: Harness, spans: InMemorySpanExporter, reader: InMemoryMetricReader) -> None:
        self.harness, self._spans, self._reader = harness, spans, reader
        self.lines = _Lines()

    def all(self) -> bytes:
        self.harness.flush()
        metrics: Any = self._reader.get_metrics_data()
        spans = encode_spans(self._spans.get_finished_spans()).SerializeToString()
        lines = "\n".join(self.lines.lines).encode()
        return b"".join((*self.harness._bodies, spans, encode_metrics(metrics).SerializeToString(), lines))


@contextmanager
def exporting(config: Config) -> Iterator[Exported]:
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider([reader], shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with miops.testing.record(config, tracer_provider=tracers, meter_provider=meters) as harness:
        exported = Exported(harness, spans, reader)
        log = logging.getLogger("miops")
        log.addHandler(exported.lines)
        try:
            yield exported
        finally:
            log.removeHandler(exported.lines)
            meters.shutdown()


def _config(**environ: str) -> Config:
    said = {"MIOPS_TRANSFORMS": RULES, "MIOPS_HASH_KEY": "key", "MIOPS_ENTITY_SALT": "salt", **environ}
    return read_config(said)


CONTAINERS: Mapping[str, Callable[[dict[str, list[Any]]], Any]] = {
    "columns": dict,
    "rows": lambda columns: [{name: values[0] for name, values in columns.items()}],
    "pandas": pd.DataFrame,
    "polars": lambda columns: pytest.importorskip("polars").DataFrame(columns),
    "categories": lambda columns: pd.DataFrame(columns).astype({"text": "category", "name": "category"}),
}


@pytest.mark.parametrize("container", CONTAINERS)
@settings(deadline=None, max_examples=5)
@given(
    number=st.floats(1e3, 1e6, exclude_max=True).filter(lambda x: x % 1 and len(repr(x)) > 12),
    text=st.text("abcdefgh", min_size=16, max_size=30),
)
def test_private_values_are_in_no_byte_that_is_exported(container: str, number: float, text: str) -> None:
    columns = {
        "number": [number], "exact": [number], "text": [text], "name": [text[::-1]], "gone": [text], "plain": ["plain"]
    }  # fmt: skip
    entity = f"entity-{text}"
    with exporting(_config()) as exported:
        features = CONTAINERS[container](columns)
        miops.record_prediction("m", features=features, value="v", entity_id=entity)
        own = {"number": number, "text": text}
        miops.record_prediction("m", value="v", context=own, features=features if container == "columns" else None)
        miops.record_prediction("m", value=["v", "w"], features={"number": [number, number, number], "text": text})
        miops.record_reference(pd.DataFrame(columns), model="m", ground_truth=["v"])
        miops.record_ground_truth(value="v", entity_id=entity)
        with pytest.raises(ValueError, match="quoting"), miops.prediction("m", features=columns):
            raise ValueError(f"quoting {number!r} {text}")
        seen = exported.all()
        rows = exported.harness.rows()

    assert b"plain" in seen
    assert {row["feature.text"] for row in rows if "feature.text" in row} == {text[:2]}
    for needle in (struct.pack("<d", number), repr(number).encode(), text.encode(), text[::-1].encode()):
        assert needle not in seen


def test_errors_of_models_and_of_ours_are_told_without_their_text() -> None:
    secret = "a-most-private-value"
    with exporting(_config()) as exported:
        SklearnInstrumentor().instrument()
        try:
            with pytest.raises(ValueError, match=secret):
                Quoting().predict(pd.DataFrame({"gone": [secret]}))
        finally:
            SklearnInstrumentor().uninstrument()
        miops.record_prediction("m", value=1, time=secret)
        miops.record_ground_truth("a", 1, time=secret)
        seen = exported.all()
        faults = exported.harness.faults

    assert faults == {"prediction_not_recorded": 1, "ground_truth_not_recorded": 1}
    assert b"error.type" in seen
    assert secret.encode() not in seen


def test_where_nothing_is_private_errors_tell_what_they_say() -> None:
    with exporting(Config()) as exported:
        miops.record_prediction("m", value=1, time="gibberish")

        assert b"gibberish" in exported.all()


def test_what_was_registered_comes_before_the_environment() -> None:
    class Own:
        pass

    model = Own()
    miops.register(model, name="m", transforms={"a": "round", "*_id": "drop"})
    with miops.testing.record(read_config({"MIOPS_TRANSFORMS": "a=drop;b=drop"})) as harness:
        miops.record_prediction(model, value=1.0, features={"a": 1.4, "b": 2.0, "c": 3.0, "order_id": 4.0})

        assert {k: v for k, v in harness.rows()[0].items() if "." in k} == {"feature.a": 1.0, "feature.c": 3.0}


def test_a_model_made_by_hand_has_transforms_too(harness: Harness) -> None:
    miops.record_prediction(miops.Model(name="m", transforms=(("a", "drop"),)), value=1.0, features={"a": 1.0})

    assert "feature.a" not in harness.rows()[0]
    with pytest.raises(ValueError, match="allowed: bucket, drop, hash, round, truncate"):
        miops.Model(name="m", transforms=(("a", "encrypt"),))


@pytest.mark.parametrize(
    ("environ", "kept"),
    [
        ({"MIOPS_CAPTURE_ALLOW": "age,income_*"}, {"feature.age", "feature.income_net", "context.region"}),
        ({"MIOPS_CAPTURE_DENY": "income_*,region"}, {"feature.age", "feature.ssn"}),
        ({"MIOPS_CAPTURE_ALLOW": "*", "MIOPS_CAPTURE_DENY": "ssn,region,age"}, {"feature.income_net"}),
    ],
)
def test_allow_and_deny_lists(environ: dict[str, str], kept: set[str]) -> None:
    features = {"age": 40.0, "income_net": 1.0, "ssn": "x"}
    with miops.testing.record(read_config(environ)) as harness:
        miops.record_prediction("m", value=1.0, features=features, context={"region": "n"})
        miops.record_reference({k: [v] for k, v in features.items()}, model="m", context={"region": ["n"]})

        assert {name for name in harness.rows()[0] if "." in name} == kept
        assert {name for name in harness.rows(REFERENCE)[0] if "." in name} == kept


def test_the_schema_does_not_name_what_is_dropped() -> None:
    config = read_config(
        {"MIOPS_CAPTURE_FEATURES": "schema", "MIOPS_CAPTURE_DENY": "x1", "MIOPS_TRANSFORMS": "x2=round"}
    )
    with miops.testing.record(config) as harness:
        miops.record_prediction("m", value=1.0, features=np.ones((1, 3)))

        assert harness.events()[0].attributes["miops.model.features"] == ["x0", "x2"]


def test_contributions_of_transformed_columns_would_tell_their_values() -> None:
    from miops.columns import doubles, utf8
    from miops.privacy import Privacy

    columns = {f"attribution.{name}": doubles([0.5]) for name in ("a", "b")} | {"attribution.method": utf8(["shap"])}

    assert set(Privacy([("a", "round")]).columns(columns)) == {"attribution.b", "attribution.method"}


def test_hashes_without_a_key_keep_the_column_back_and_are_counted() -> None:
    with miops.testing.record(read_config({"MIOPS_TRANSFORMS": "a=hash"})) as harness:
        miops.record_prediction("m", value=1.0, features={"a": "x"})

        assert "feature.a" not in harness.rows()[0]
        assert harness.faults == {"hash_without_key": 1}


def test_salted_entity_ids_still_join_predictions_and_truth() -> None:
    with miops.testing.record(_config()) as harness:
        token = context.attach(baggage.set_baggage("miops.entity.id", "person-1"))
        try:
            miops.record_prediction("m", value=1.0)
        finally:
            context.detach(token)
        miops.record_prediction("m", value=[1.0, 2.0], entity_id=["person-1", "person-2"])
        miops.record_ground_truth(value=1, entity_id="person-1")
        miops.record_ground_truth(value=[0, 1], entity_id=np.array(["person-2", "person-1"]))

        predicted = [row["entity_id"] for row in harness.rows()]
        one, other = next(row["entity_id"] for row in harness.rows(TRUTH) if row["value"] == 1), predicted[2]
        assert predicted == [one, one, other]
        assert {row["entity_id"] for row in harness.rows(TRUTH)} == {one, other}
        assert len(one) == 32


def test_secrets_are_not_shown_with_the_settings() -> None:
    shown = repr(_config(MIOPS_HASH_KEY="very-secret", MIOPS_ENTITY_SALT="as-secret"))

    assert "secret" not in shown


@pytest.mark.parametrize("mode", ["none", "schema"])
def test_a_reference_of_features_that_are_kept_back_has_what_else_is_known(
    mode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    frame = pd.DataFrame({"age": [1.0, 2.0], "ssn": ["x", "y"]})
    with miops.testing.record(Config(capture_features=mode)) as harness:
        given: dict[str, Any] = {"ground_truth": [0, 1], "prediction": [1, 1], "context": {"region": ["n", "s"]}}

        assert miops.record_reference(frame, model="m", **given)
        assert miops.record_reference(frame, model="m") == ""

        (event,) = harness.events(REFERENCE)
        told = {"value", "ground_truth", "context.region"}
        assert {name for name in event.rows[0] if name not in ("prediction_id", "time_unix_nano", "row")} == told
        assert harness.faults == {"reference_not_recorded": 1}
        assert f"the reference of m is sent without its features: MIOPS_CAPTURE_FEATURES is '{mode}'" in caplog.text


@pytest.mark.parametrize("mode", ["none", "schema"])
def test_features_that_are_kept_back_have_no_contributions_that_would_tell_them(mode: Any) -> None:
    from sklearn.linear_model import LinearRegression

    inputs = np.arange(8.0).reshape(4, 2)
    model = LinearRegression().fit(inputs, inputs[:, 0])
    with miops.testing.record(Config(capture_features=mode)) as harness:
        SklearnInstrumentor().instrument()
        try:
            miops.record_prediction("m", features={"a": 1.0}, value=1, attributions={"a": 0.4})
            miops.explain(model, explainer=lambda rows: rows * 0.5, ratio=1.0)
            model.predict(inputs)

            assert len(harness.rows()) == 5
            assert not [name for row in harness.rows() for name in row if name.startswith("attribution.")]
            assert harness.faults == {"explanations_kept_back": 1}
        finally:
            SklearnInstrumentor().uninstrument()


def test_outcomes_that_are_denied_stay_in_the_process() -> None:
    with miops.testing.record(Config(capture_deny=("ssn",), capture_allow=("age",))) as harness:
        outcome = {"loss": 3.0, "ssn": 5}

        assert miops.record_ground_truth("a", 1, outcome=outcome) == 1
        assert miops.record_ground_truth("b", outcome={"ssn": 5}) == 0
        assert miops.record_ground_truth({"prediction_id": ["c", "d"], "outcome.ssn": [1, 2], "value": [0, 1]}) == 2

        told = [{k: v for k, v in row.items() if k.startswith("outcome")} for row in harness.rows(TRUTH)]
        assert sorted(told, key=len) == [{}, {}, {"outcome.loss": 3.0}]
        assert harness.faults == {}


def test_outcomes_go_through_transforms_and_stay_numbers() -> None:
    rules = (("loss", "round(-2)"), ("name", "hash"), ("age", "bucket(18)"), ("gone", "drop"))
    with miops.testing.record(Config(transforms=rules, hash_key="k")) as harness:
        outcome = {"loss": [1234.5, None], "name": [1, 2], "age": [17, 19], "gone": [1, 2], "clicks": [1, 2]}
        miops.record_ground_truth(["a", "b"], [1, 0], outcome=outcome)

        rows = harness.rows(TRUTH)
        assert {name for name in rows[0] if name.startswith("outcome.")} == {"outcome.loss", "outcome.clicks"}
        assert (rows[0]["outcome.loss"], rows[0]["outcome.clicks"]) == (1200.0, 1.0)
        assert np.isnan(rows[1]["outcome.loss"])


def test_rules_of_a_model_are_those_of_its_outcomes_too() -> None:
    with miops.testing.record() as harness:
        miops.record_prediction(miops.Model(name="m", transforms=(("loss", "round(-2)"),)), value=1)
        for model in ("m", "other", None):
            miops.record_ground_truth("a", 1, outcome={"loss": 1234.5}, model=model)

        assert sorted(row["outcome.loss"] for row in harness.rows(TRUTH)) == [1200.0, 1200.0, 1234.5]


def test_an_outcome_that_is_no_number_takes_no_others_along() -> None:
    with miops.testing.record() as harness:
        assert miops.record_ground_truth("a", 1, outcome={"loss": "much"}) == 0
        miops.record_ground_truth("b", 1, outcome={"loss": 3.0})

        assert [row["outcome.loss"] for row in harness.rows(TRUTH)] == [3.0]
        assert harness.faults == {"ground_truth_not_recorded": 1}
