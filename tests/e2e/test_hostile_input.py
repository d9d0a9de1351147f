"""Input that no honest client sends, through the real sockets: each gets its answer, and the collector stays up."""

from __future__ import annotations

import gzip
import html
import time
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, quote, urlsplit

import grpc
import numpy as np
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from miops import semconv
from tests.collector.otlp.payloads import any_value, attributes, batch, events
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess, running_collector

PROTOBUF = "application/x-protobuf"
SECOND = 1_000_000_000
TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
HOSTILE_NAME = """rob'); DROP TABLE predictions;-- "quoted" <script>alert(1)</script> ${env:HOME} {{7*7}} \u202e ü"""
GARBAGE = {
    "random bytes": np.random.default_rng(5).bytes(2000),
    "a length beyond the end": b"\x0a\xff\xff\xff\x7f",
    "an endless varint": b"\xff" * 50,
    "a cut request": events(semconv.EVENT_PREDICTION, {semconv.MODEL_NAME: "cut"})[:-7],
    "text": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with running_collector(tmp_path_factory.mktemp("hostile"), tick_seconds=0.3) as running:
        yield running
        assert running.stop() == 0
        assert "Traceback" not in running.log


@pytest.fixture(autouse=True)
def still_well(collector: CollectorProcess) -> Iterator[None]:
    """After every test it answers, evaluates without an error, and takes what is right."""
    yield
    number = time.time_ns()
    good = {semconv.MODEL_NAME: "honest", semconv.PREDICTION_ID: f"good-{number}", semconv.PREDICTION_VALUE: 1.0}
    assert send(collector, events(semconv.EVENT_PREDICTION, good, time_unix_nano=number)) == (0, "")
    assert collector.get(f"/api/v1/predictions/good-{number}")["value"] == 1.0
    collector.ticks()
    for page in ("/", "/metrics", "/healthz", "/readyz", "/api/v1/models", "/api/v1/observations", "/api/v1/alarms"):
        assert ask(f"http://{collector.web}{page}").status == 200, page


def send(collector: CollectorProcess, body: bytes) -> tuple[int, str]:
    """Over gRPC: how many records were rejected, and why."""
    with grpc.insecure_channel(collector.grpc) as channel:
        answer = channel.unary_unary(LOGS)(body, timeout=60)
    partial = ExportLogsServiceResponse.FromString(answer).partial_success
    return partial.rejected_log_records, partial.error_message


def prediction(model: str, **told: object) -> dict[str, object]:
    return {semconv.MODEL_NAME: model, semconv.PREDICTION_VALUE: 1.0, **told}


def request(*each: Mapping[str, object], times: list[int] | None = None) -> bytes:
    """One event each, made now unless it is said when."""
    made = ExportLogsServiceRequest()
    records = made.resource_logs.add().scope_logs.add().log_records
    for at, told in zip(times or [time.time_ns()] * len(each), each, strict=True):
        records.add(event_name=semconv.EVENT_PREDICTION, time_unix_nano=at, attributes=attributes(told))
    return made.SerializeToString()


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_is_refused_for_good(collector: CollectorProcess, what: str) -> None:
    body = GARBAGE[what]

    with grpc.insecure_channel(collector.grpc) as channel, pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(TRACES)(body, timeout=30)

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    for path, kind in (("traces", PROTOBUF), ("logs", PROTOBUF), ("logs", "application/json")):
        answer = ask(f"http://{collector.http}/v1/{path}", body, kind=kind)
        assert (answer.status, answer.kind) == (400, kind), (path, answer)
    assert ask(f"http://{collector.http}/v1/traces", body, kind=PROTOBUF, content_encoding="gzip").status == 400
    for path in ("ground-truth", "reference?model=m"):
        assert ask(f"http://{collector.web}/api/v1/{path}", body).status == 400


def test_an_empty_request_is_a_success(collector: CollectorProcess) -> None:
    with grpc.insecure_channel(collector.grpc) as channel:
        assert ExportTraceServiceResponse.FromString(channel.unary_unary(TRACES)(b"", timeout=30)).ByteSize() == 0
    assert ask(f"http://{collector.http}/v1/traces", b"", kind=PROTOBUF).status == 200
    assert ask(f"http://{collector.http}/v1/logs", {}).json == {}


def test_a_decompression_bomb_is_refused(collector: CollectorProcess) -> None:
    bomb = gzip.compress(b"\0" * (200 << 20), 9)

    answer = ask(f"http://{collector.http}/v1/traces", bomb, kind=PROTOBUF, content_encoding="gzip")

    assert answer.status == 413


def test_event_times_out_of_this_world_are_refused_and_counted_and_the_rest_is_stored(
    collector: CollectorProcess,
) -> None:
    before, now = collector.rows(), time.time_ns()
    year_2100, year_1970 = 4_102_444_800 * SECOND, 3600 * SECOND
    times = [now, year_1970, year_2100, now, 1]
    made = request(*(prediction("times", **{semconv.PREDICTION_ID: f"t{i}"}) for i in range(5)), times=times)

    rejected, why = send(collector, made)

    after = collector.rows()
    assert rejected == 3
    assert why == "3 rows refused: the event time is no time, before the year 2000 or too far in the future"
    assert {name: after[name] - before[name] for name in after} == {
        "received": 5, "stored": 2, "refused": 3, "deduplicated": 0
    }  # fmt: skip
    assert collector.model("times")["rows"] == 2
    assert collector.model("times")["first_seen"] == collector.model("times")["last_seen"]


def test_values_of_every_wrong_kind_lose_no_row(collector: CollectorProcess) -> None:
    feature = f"{semconv.FEATURE_PREFIX}x"
    values = [1.0, float("nan"), float("inf"), float("-inf"), "text", "", True, 7, [1.0, "a"], {"a": 1}, b"\x00\xff"]
    told = [prediction("kinds", **{feature: v, semconv.PREDICTION_ID: f"k{i}"}) for i, v in enumerate(values * 10)]
    told += [prediction("kinds", **{semconv.PREDICTION_SCORE: v}) for v in (float("nan"), float("inf"), "0.5", True)]

    rejected, _ = send(collector, request(*told))

    collector.settle("model=kinds")
    assert rejected == 0
    assert collector.model("kinds")["rows"] == len(told)
    shown = [collector.get(f"/api/v1/predictions/k{i}")["features"] for i in range(len(values))]
    assert shown == [{"x": v} for v in (1.0, None, None, None, "text", "", 1.0, 7.0, None, None, None)]
    faults = collector.observations("model=kinds&metric=miops.quality.type_fault_share&column=x")
    assert {o["value"] for o in faults} == {20 / len(told)}
    assert ask(f"http://{collector.web}{link_to(collector, 'kinds')}").status == 200


def test_empty_texts(collector: CollectorProcess) -> None:
    rejected, why = send(
        collector,
        request(
            {semconv.MODEL_NAME: "", semconv.PREDICTION_VALUE: 1.0},
            {semconv.PREDICTION_VALUE: 1.0},
            prediction("empty", **{semconv.PREDICTION_ID: "", semconv.ENTITY_ID: "", semconv.MODEL_VERSION: ""}),
            prediction("empty", **{semconv.PREDICTION_VALUE: "", semconv.FEATURE_PREFIX: 1.0, "": "nameless"}),
        ),
    )

    assert (rejected, why) == (2, "2 rows refused: the model's name is missing, empty or too long")
    assert (collector.model("empty")["rows"], collector.model("empty")["version"]) == (2, semconv.UNVERSIONED)


def test_a_feature_name_of_ten_thousand_characters_is_left_out(collector: CollectorProcess) -> None:
    long = f"{semconv.FEATURE_PREFIX}{'x' * 10_000}"

    rejected, _ = send(collector, request(prediction("long", **{long: 1.0, f"{semconv.FEATURE_PREFIX}short": 2.0})))

    collector.settle("model=long")
    assert rejected == 0
    assert list(collector.model("long")["columns"]) == ["feature.short"]


def test_five_thousand_features(collector: CollectorProcess) -> None:
    columns = {f"feature.f{i:04d}": np.full(120, i / 7.0) for i in range(5000)}
    columns |= {"value": np.ones(120)}

    rejected, _ = send(collector, batch(semconv.EVENT_PREDICTION_BATCH, columns, {semconv.MODEL_NAME: "wide"},
                                        time_unix_nano=time.time_ns()))  # fmt: skip

    collector.settle("model=wide&metric=miops.quality.missing_share", seconds=120)
    assert rejected == 0
    assert len(collector.model("wide")["columns"]) == 5000
    missing = collector.observations("model=wide&metric=miops.quality.missing_share")
    assert len({o["column"] for o in missing if o["value"] == 0.0}) == 5001
    assert ask(f"http://{collector.web}{link_to(collector, 'wide')}").status == 200


def test_texts_that_are_not_utf8_refuse_their_row_alone(collector: CollectorProcess) -> None:
    good = request(prediction("bytes", **{f"{semconv.FEATURE_PREFIX}job": "nurse?"}))
    bad = request(prediction("bytes", **{f"{semconv.FEATURE_PREFIX}job": "clerk?"})).replace(
        b"clerk?", b"\xff\xfe\xfa!!!"
    )

    rejected, why = send(collector, good + bad)

    assert (rejected, why) == (1, "1 rows refused: a text is not UTF-8")
    assert collector.model("bytes")["rows"] == 1


def test_a_hostile_model_name_is_a_name(collector: CollectorProcess) -> None:
    told = {f"{semconv.FEATURE_PREFIX}{HOSTILE_NAME}": HOSTILE_NAME, semconv.PREDICTION_ID: HOSTILE_NAME}
    name, version = {semconv.MODEL_NAME: HOSTILE_NAME}, {semconv.MODEL_VERSION: HOSTILE_NAME}

    rejected, _ = send(collector, request({**name, **version, semconv.PREDICTION_VALUE: HOSTILE_NAME, **told}))

    collector.settle(f"model={quote(HOSTILE_NAME)}")
    assert rejected == 0
    assert collector.model(HOSTILE_NAME)["rows"] == 1
    assert len(collector.observations(f"model={quote(HOSTILE_NAME)}&metric=miops.window.rows")) == 2
    assert collector.get(f"/api/v1/predictions/{quote(HOSTILE_NAME, safe='')}")["value"] == HOSTILE_NAME
    page = ask(f"http://{collector.web}{link_to(collector, HOSTILE_NAME)}")
    assert page.status == 200
    for body in (page.body, ask(f"http://{collector.web}/").body):
        assert b"<script>alert(1)" not in body
        assert b"&lt;script&gt;alert(1)" in body
    assert 'rob\'); DROP TABLE predictions;-- \\"quoted\\"' in ask(f"http://{collector.web}/metrics").body.decode()


def link_to(collector: CollectorProcess, model: str) -> str:
    """Where the console's first page sends whoever clicks on the model."""
    page = ask(f"http://{collector.web}/").body.decode()
    links = [part.partition('"')[0] for part in page.split('href="')[1:]]
    found = {html.unescape(link) for link in links}
    return next(link for link in found if parse_qs(urlsplit(link).query).get("name") == [model])


def test_hostile_truth_is_refused_whole_and_says_where(collector: CollectorProcess) -> None:
    bad = [{"prediction_id": "k0", "value": 1.0}, {"prediction_id": "k1", "value": [1]}, {"value": 1.0}]

    answer = ask(f"http://{collector.web}/api/v1/ground-truth", bad)

    assert answer.status == 400
    assert "element 1: value: must be a finite number, a text or a boolean" in answer.json["error"]["message"]
    for body in (b"[" * 100_000, b'[{"prediction_id": "\\ud800", "value": 1}]', b'[{"prediction_id":"a","value":NaN}]'):
        assert ask(f"http://{collector.web}/api/v1/ground-truth", body).status == 400


def test_truth_by_event_that_makes_no_sense_is_refused_and_counted(collector: CollectorProcess) -> None:
    value, name = semconv.GROUND_TRUTH_VALUE, semconv.PREDICTION_ID

    rejected, why = send(
        collector, events(semconv.EVENT_GROUND_TRUTH, {value: 1.0}, {name: "k0"}, {name: "k0", value: 2.0},
                          time_unix_nano=time.time_ns())
    )  # fmt: skip

    assert rejected == 2
    assert "the ground truth names no prediction, trace or entity" in why
    assert "there is neither a ground truth value nor an outcome" in why


def test_bodies_of_batches_that_cannot_be_read(collector: CollectorProcess) -> None:
    now = time.time_ns()
    ragged = any_value({"value": [1.0, 2.0], "feature.x": [1.0]})
    for body in (any_value(b"no arrow"), any_value("text"), any_value({}), ragged, any_value([1.0, 2.0])):
        made = events(semconv.EVENT_PREDICTION_BATCH, {semconv.MODEL_NAME: "bodies"}, body=body, time_unix_nano=now)
        rejected, why = send(collector, made)
        assert rejected == 0 or why == "1 rows refused: the body of the batch event cannot be read"
    assert "bodies" not in {m["name"] for m in collector.get("/api/v1/models")["models"]}
