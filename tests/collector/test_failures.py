"""Rows that a model failed on, from the wire to the store, the numbers, the alarms and the API."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import baggage, context
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from sklearn.linear_model import LogisticRegression

import miops
from miops import semconv
from miops.config import Config as Recording
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops_collector.compared_with import read_reference
from miops_collector.engine import Engine
from miops_collector.layout import Layout
from miops_collector.otlp.decode import decode
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.report import ModelKey, Observation
from miops_collector.schema import Records
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ObservationQuery
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.little_model import (
    CONFIG,
    HOUR,
    MODEL,
    START,
    Clock,
    config,
    other_version,
    predictions,
    reference,
    spread,
    truth,
)
from tests.collector.otlp.payloads import batch, spans

ERROR = semconv.COLUMN_ERROR_TYPE
RATE = "miops.quality.error_rate"
OUTPUTS = ("value_number", "score")


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def failures(numbers: Any, times: Any, error: str = "KeyError", *, model: ModelKey = MODEL, **columns: Any) -> Records:
    """Rows of the little model as it would have answered them, without the answers."""
    records = predictions(numbers, times, model=model, **columns)
    table = records.table
    for name in OUTPUTS:
        table = table.set_column(table.schema.get_field_index(name), name, pa.nulls(table.num_rows, pa.float64()))
    return replace(records, table=table.append_column(ERROR, pa.array([error] * table.num_rows)))


def engine_of(store: DuckDBStore, *, hours: int = 3, **changes: Any) -> Engine:
    return Engine(store, config(**changes) if changes else CONFIG, clock=Clock(START + hours * HOUR))


def observations(store: DuckDBStore, metric: str = "", **more: Any) -> list[Observation]:
    return store.observations(ObservationQuery(metric=metric, window="1h", limit=100_000, **more))[0]


def test_error_rate_of_a_window(store: DuckDBStore) -> None:
    engine = engine_of(store)
    engine.append([reference(), predictions(range(90), START)])
    engine.append([failures(range(90, 100), START)])
    engine.tick()

    (found,) = [o for o in observations(store, RATE) if o.window.start == START]
    assert (found.value, found.n, found.status) == (0.1, 100.0, "ok")
    assert found.reference == 0.0
    assert [o.value for o in observations(store, "miops.window.rows") if o.window.start == START] == [90.0]


def test_a_window_in_which_every_call_failed_is_no_silence(store: DuckDBStore) -> None:
    engine = engine_of(store)
    engine.append([reference(), predictions(range(50), START)])
    engine.append([failures(range(50, 100), START + HOUR)])
    engine.tick()

    assert [o.value for o in observations(store, RATE) if o.window.start == START + HOUR] == [1.0]
    assert [o.value for o in observations(store, "miops.window.rows") if o.window.start == START + HOUR] == [0.0]


def test_sampled_predictions_and_failures_that_are_always_kept(store: DuckDBStore) -> None:
    engine = engine_of(store)
    rows = predictions(range(50), START)
    rows = replace(rows, table=rows.table.append_column("weight", pa.array([100.0] * 50)))
    engine.append([reference(), rows, failures(range(50, 100), START)])
    engine.tick()

    assert [o.value for o in observations(store, RATE) if o.window.start == START] == [50 / 5050]


@settings(deadline=None, max_examples=3)
@given(seed=st.integers(0, 1000), failed=st.integers(1, 200))
def test_nothing_that_is_said_of_predictions_changes(seed: int, failed: int) -> None:
    """Only what is said of features, and the rate of errors itself."""
    numbers = np.random.default_rng(seed).permutation(1000)
    told = []
    for with_failures in (False, True):
        store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
        engine = engine_of(store)
        engine.append([reference(), predictions(numbers[:200], spread(200, START, HOUR))])
        engine.append([truth(numbers[:100].tolist(), [1.0] * 100)])
        if with_failures:
            engine.append([failures(numbers[200 : 200 + failed], spread(failed, START, HOUR))])
            engine.append([truth(numbers[200:300].tolist(), [1.0] * 100)])
        engine.tick()
        told.append(
            {
                (o.metric, o.column, o.sensitive_feature, o.group, o.segment): (repr(o.value), o.n)
                for o in observations(store, start=START, end=START + HOUR)
                if o.metric != RATE and o.column in ("", "prediction", "score") and "verdict" not in o.metric
            }
        )
        store.close()

    assert told[0] == told[1]


def test_truth_is_not_about_a_call_that_failed(store: DuckDBStore) -> None:
    """Of an entity it is about the last row that was answered, and a trace may hold both."""
    engine = engine_of(store)
    entity = {"entity_id": pa.array(["me", "me"]), "trace_id": pa.array([b"t" * 16] * 2, pa.binary(16))}
    rows, lost = predictions([1], START), failures([2], START + 1)
    for name, values in entity.items():
        rows = replace(rows, table=rows.table.append_column(name, values[:1]))
        lost = replace(lost, table=lost.table.append_column(name, values[1:]))
    engine.append([rows, lost])
    by_entity = pa.table({"entity_id": ["me"], "truth_number": [1.0], "time": pa.array([START + 5], pa.int64())})
    by_trace = pa.table(
        {
            "trace_id": pa.array([b"t" * 16], pa.binary(16)), "row": pa.array([0], pa.int32()), "truth_number": [0.0],
            "time": pa.array([START + 6], pa.int64()),
        }
    )  # fmt: skip
    for table in (by_entity, by_trace):
        engine.append([Records("ground_truth", "", table)])
    engine.tick()

    (info,) = store.models()
    assert (info.rows, info.labelled) == (2, 1)
    answered, failed = (store.prediction(str(uuid.UUID(int=number))) for number in (1, 2))
    assert answered is not None
    assert failed is not None
    assert answered["ground_truth"]["value"] == 0.0
    assert failed["ground_truth"] is None
    assert (answered["error_type"], failed["error_type"]) == (None, "KeyError")


def test_tables_of_models_that_never_failed_have_no_further_column(store: DuckDBStore) -> None:
    engine = engine_of(store)
    other = ModelKey("other", "1")
    engine.append(
        [predictions(range(5), START), failures(range(5, 9), START), predictions(range(9), START, model=other)]
    )

    places = {table.model: {source for source, _ in table.places} for table in store._registry.rows_tables}
    assert ERROR in places[MODEL.name]
    assert ERROR not in places[other.name]
    assert all(ERROR not in info.columns for info in store.models())


def test_repeats_of_failures_are_left_out(store: DuckDBStore) -> None:
    engine = engine_of(store)
    engine.append([failures(range(40), START)])
    engine.append([failures(range(40), START), predictions(range(100, 160), START)])
    engine.tick()

    assert [o.value for o in observations(store, RATE)] == [0.4]


def test_alarm_and_its_examples(store: DuckDBStore) -> None:
    engine = engine_of(store, hours=30)
    engine.append([reference()])
    for hour in range(24):
        engine.append([predictions(range(1000 * hour, 1000 * hour + 200), spread(200, START + hour * HOUR, HOUR))])
    at = START + 20 * HOUR
    engine.append([failures(range(10**6, 10**6 + 30), spread(30, at, HOUR))])
    for _ in range(5):
        engine.tick()

    (raised,) = [a for a in engine.report.alerts if a.metric == RATE]
    assert (raised.rule, raised.state, raised.window.start, raised.value) == ("quality", "firing", at, 30 / 230)
    assert len(raised.examples) == 5
    assert {(store.prediction(example) or {})["error_type"] for example in raised.examples} == {"KeyError"}


def test_after_a_restart_and_a_new_layout_the_same_numbers(tmp_path: Path) -> None:
    settings = StoreSettings(minimum_free_mib=1)
    store = DuckDBStore(tmp_path, settings)
    engine = engine_of(store)
    engine.append([predictions(range(90), START), failures(range(90, 100), START)])
    engine.tick()
    engine.close()
    store.close()

    store = DuckDBStore(tmp_path, settings)
    engine = engine_of(store)
    engine.restore()
    engine.append([reference()])  # another layout: every stored row is binned anew
    engine.append([predictions([500], START)])
    engine.tick()
    found = [o.value for o in observations(store, RATE) if o.window.start == START]
    store.close()

    assert found == [10 / 101]


def test_references_of_builds_that_kept_no_failures_are_read(store: DuckDBStore) -> None:
    engine = engine_of(store)
    engine.append([reference()])
    engine.tick()
    now = store.reference(MODEL)
    assert now is not None
    layout = Layout.from_json(now.layout_json)
    cells = layout.blocks["failures"]
    vector = np.frombuffer(now.vector)

    before = replace(now, vector=np.delete(vector, slice(cells.start, cells.stop)).tobytes())
    found = read_reference(before)

    assert found is not None
    np.testing.assert_array_equal(found.summaries.vector, vector)
    assert read_reference(replace(now, vector=vector[:-5].tobytes())) is None


def test_a_reference_of_the_first_rows_is_made_of_answers(store: DuckDBStore) -> None:
    engine = engine_of(store, reference="auto", reference_rows=100)
    engine.append([failures(range(300), START), predictions(range(300, 350), START)])
    engine.tick()
    assert store.reference(MODEL) is None

    engine.append([predictions(range(350, 600), START + 1)])
    engine.tick()
    kept = store.reference(MODEL)
    assert kept is not None
    assert kept.rows == 100
    model = engine._watched[MODEL].model
    assert model.reference is not None
    assert model.reference.summaries.attempts.sums[2] == 0.0
    prediction = next(c for c in model.layout.columns if c.role == "prediction")
    assert model.reference.summaries.distribution(prediction).missing == 0.0


def test_pairs_and_samples_are_of_answers(store: DuckDBStore) -> None:
    engine = engine_of(store)
    shadow = other_version(MODEL, "2")
    entities = pa.array([f"e{i}" for i in range(20)])
    one, other = predictions(range(20), START), predictions(range(100, 110), START, model=shadow)
    lost = failures(range(110, 120), START, model=shadow)
    tables = [(one, entities), (other, entities[:10]), (lost, entities[10:])]
    engine.append([replace(r, table=r.table.append_column("entity_id", e)) for r, e in tables])

    found = store.pairs(MODEL, shadow, start=START, end=START + HOUR, within=HOUR, rows=100)
    assert (found.table.num_rows, found.rows, found.other_rows) == (10, 20, 10)
    sample = store.sample(shadow, start=START, end=START + HOUR, columns=["feature.x"], rows=100)
    assert sample is not None
    assert sample.num_rows == 10


def test_recorder_frames_and_spans_end_to_end(store: DuckDBStore) -> None:
    """Real calls through the recorder's frames and plain spans of another SDK, into one model."""
    x = np.random.default_rng(3).normal(size=(60, 2))
    model = LogisticRegression().fit(x, x[:, 0] > 0)
    miops.register(model, name="credit", version="1")
    instrumentor = SklearnInstrumentor()
    with miops.testing.record(Recording()) as harness:
        instrumentor.instrument()
        try:
            token = context.attach(baggage.set_baggage(semconv.PREDICTION_ID, "order-7"))
            with suppress(ValueError):
                model.predict([[1.0, float("nan")]])
            model.predict_proba(x[:1])  # the next try, with the same id
            context.detach(token)
            model.predict_proba(x[1:40])
        finally:
            instrumentor.uninstrument()
        sent = harness.events()
    now = max(row["time_unix_nano"] for event in sent for row in event.rows)
    engine = Engine(store, CONFIG, clock=Clock(now))
    for event in sent:
        body = pa.ipc.open_stream(event.body).read_all()
        payload = batch(event.name, body, event.attributes, time_unix_nano=now)
        engine.append(list(decode("logs", payload, DecodeSettings(), now=now).records))
    said = {semconv.MODEL_NAME: "credit", semconv.MODEL_VERSION: "1", f"{semconv.FEATURE_PREFIX}x0": 1.0}
    failed = Status(code=Status.STATUS_CODE_ERROR)
    payload = spans(*[said] * 10, status=failed, start_time_unix_nano=now, end_time_unix_nano=now + 1)
    engine.append(list(decode("traces", payload, DecodeSettings(), now=now).records))
    engine.tick()

    (info,) = store.models()
    assert info.rows == 51
    (rate,) = {o.value for o in engine.report.observations if o.metric == RATE and o.n == 51}
    assert rate == pytest.approx(11 / 51)
    retried = store.prediction("order-7")
    assert retried is not None
    assert retried["error_type"] is None
    assert retried["value"] is not None
