from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from miops_collector.errors import InputError
from miops_collector.otlp.ids import key_of
from miops_collector.schema import GROUND_TRUTH
from miops_collector.web.app import create_app
from tests.collector import sample_report as sample
from tests.collector.sample_store import Submitted, sample_backend
from tests.collector.web.asgi_client import AsgiClient

PATH = "/api/v1/ground-truth"
ARROW = {"content-type": "application/vnd.apache.arrow.stream"}
UUID = "0190163d-8694-739b-aea5-966c26f8ad91"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MOMENT = 1_451_606_400_000_000_000  # 2016-01-01


@pytest.fixture
def submitted() -> Submitted:
    return Submitted()


@pytest.fixture
def client(submitted: Submitted) -> AsgiClient:
    return AsgiClient(create_app(sample_backend(submitted=submitted)))


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def test_json_list_becomes_rows_of_the_schema(client: AsgiClient, submitted: Submitted) -> None:
    answer = client.post(PATH, json=[
        {"prediction_id": UUID, "value": True, "time": "2016-01-01T00:00:00Z", "outcome": {"revenue": 12}},
        {"prediction_id": "order-7/0", "value": "yes", "prediction_time": MOMENT},
        {"trace_id": TRACE.upper(), "row": 3, "value": 2},
        {"entity_id": "customer 9", "value": 1.5, "time": MOMENT},
    ])  # fmt: skip

    assert (answer.status_code, answer.json()) == (200, {"accepted": 4})
    records = submitted.truths[0]
    assert (records.kind, records.model) == ("ground_truth", "")
    assert records.table.schema.names == [*GROUND_TRUTH.names, "outcome.revenue"]
    assert records.table.schema.field("time").type == pa.int64()
    columns = records.table.to_pydict()
    assert columns["key"] == [bytes.fromhex(UUID.replace("-", "")), key_of("order-7/0"), None, None]
    assert columns["trace_id"] == [None, None, bytes.fromhex(TRACE), None]
    assert columns["row"] == [None, None, 3, None]
    assert columns["entity_id"] == [None, None, None, "customer 9"]
    assert columns["truth_text"] == ["true", "yes", None, None]
    assert columns["truth_number"] == [None, None, 2.0, 1.5]
    assert columns["time"] == [MOMENT, sample.NOW, sample.NOW, MOMENT]
    assert columns["prediction_time"] == [None, MOMENT, None, MOMENT]
    assert columns["outcome.revenue"] == [12.0, None, None, None]


def test_prediction_id_is_preferred_where_several_ways_are_given(client: AsgiClient, submitted: Submitted) -> None:
    client.post(PATH, json=[{"prediction_id": UUID, "trace_id": TRACE, "entity_id": "x", "value": 1}])

    row = submitted.truths[0].table.to_pylist()[0]
    assert (row["trace_id"], row["row"], row["entity_id"]) == (None, None, None)
    assert row["key"] == bytes.fromhex(UUID.replace("-", ""))


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ({"predictoin_id": "a", "value": 1}, "element 1: unknown field 'predictoin_id'; did you mean 'prediction_id'?"),
        ({"prediction_id": "a"}, "element 1: value is missing"),
        ({"prediction_id": "a", "value": None}, "element 1: value: must be a finite number, a text or a boolean"),
        (
            {"prediction_id": "a", "value": [1]},
            "element 1: value: must be a finite number, a text or a boolean, not [",
        ),
        ({"prediction_id": "a", "value": 10**400}, "element 1: value: must be a finite number"),
        ({"prediction_id": 7, "value": 1}, "element 1: prediction_id: must be a text of 1 to 4096 characters, not 7"),
        ({"prediction_id": "", "value": 1}, "element 1: prediction_id: must be a text"),
        ({"trace_id": "xyz", "value": 1}, "element 1: trace_id: must be 32 hexadecimal digits"),
        ({"trace_id": "0" * 32, "value": 1}, "element 1: trace_id: must be 32 hexadecimal digits, not all zero"),
        ({"trace_id": TRACE, "row": -1, "value": 1}, "element 1: row: must be a whole number from 0, not -1"),
        ({"value": 1}, "element 1: names no prediction"),
        ({"prediction_id": "a", "value": 1, "time": "soon"}, "element 1: time: 'soon' is no time"),
        ({"prediction_id": "a", "value": 1, "time": -5}, "element 1: time: must be an ISO 8601 time or nanoseconds"),
        ({"prediction_id": "a", "value": 1, "outcome": {"x": "y"}}, "element 1: outcome: must be an object of finite"),
        ("text", "element 1: must be an object, not 'text'"),
    ],
)
def test_wrong_element_is_named_and_nothing_is_taken(
    client: AsgiClient, submitted: Submitted, element: Any, said: str
) -> None:
    answer = client.post(PATH, json=[{"prediction_id": "fine", "value": 1}, element])

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert submitted.truths == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'[{"prediction_id": "a", "value": NaN}]', "NaN is no number"),
        (b'[{"prediction_id": "a", "value": 1e999}]', "value: must be a finite number"),
        (b'[{"prediction_id": "a", "value": 1, "value": 2}]', "'value' is there more than once"),
        (b'[{"prediction_id": "\\ud800", "value": 1}]', "prediction_id: must be"),
        (b'[{"prediction_id": "a", "value": "\\udfff"}]', "element 0: value: "),
        (b'{"prediction_id": "a"}', "must be a JSON list of objects, not dict"),
        (b"[{", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"1" * 5000, "is no JSON"),
        (b'"\xff"', "is not UTF-8: byte 1"),
    ],
)
def test_body_that_is_no_list_of_truths_is_refused(client: AsgiClient, body: bytes, said: str) -> None:
    answer = client.post(PATH, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_many_errors_are_summed_up(client: AsgiClient) -> None:
    answer = client.post(PATH, json=[{"prediction_id": "a"}] * 25)

    lines = answer.json()["error"]["message"].splitlines()
    assert len(lines) == 11
    assert lines[-1] == "… and 15 more"


def test_empty_list_is_accepted_and_submits_nothing(client: AsgiClient, submitted: Submitted) -> None:
    assert client.post(PATH, json=[]).json() == {"accepted": 0}
    assert submitted.truths == []


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_content_types_a_foreign_page_can_send_are_refused(client: AsgiClient, content_type: str) -> None:
    answer = client.post(PATH, content=b"[]", headers={"content-type": content_type})

    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]["message"]


def test_body_over_the_limit_is_refused_while_it_is_read(submitted: Submitted) -> None:
    client = AsgiClient(create_app(sample_backend(submitted=submitted, max_body_bytes=400)))

    answer = client.post(PATH, json=[{"prediction_id": "a" * 100, "value": 1}])

    assert answer.status_code == 413
    assert "larger than 100 bytes" in answer.json()["error"]["message"]


def test_function_that_refuses_is_answered_400(submitted: Submitted, client: AsgiClient) -> None:
    submitted.error = InputError("no such thing")

    answer = client.post(PATH, json=[{"prediction_id": "a", "value": 1}])

    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "no such thing")


def ids_as_uuids() -> pa.Array:
    return pa.array([bytes(15) + bytes([i]) for i in range(3)], pa.binary(16))


@pytest.mark.parametrize(
    ("ids", "keys"),
    [
        (lambda: pa.array(["a", "b", "c"]), [key_of("a"), key_of("b"), key_of("c")]),
        (lambda: pa.array(["a", "b", "a"]).dictionary_encode(), [key_of("a"), key_of("b"), key_of("a")]),
        (lambda: pa.array(["x", "a", "b", "c"])[1:], [key_of("a"), key_of("b"), key_of("c")]),
        (ids_as_uuids, [bytes(15) + bytes([i]) for i in range(3)]),
    ],
)
def test_arrow_stream_becomes_the_same_rows(
    client: AsgiClient, submitted: Submitted, ids: Callable[[], pa.Array], keys: list[bytes]
) -> None:
    times = pa.array(np.full(3, MOMENT), pa.int64()).cast(pa.timestamp("ns", "UTC"))
    table = pa.table({
        "prediction_id": ids(), "value": pa.array([True, False, True]), "time_unix_nano": times,
        "outcome.revenue": pa.array([1, 2, None], pa.int32()),
    })  # fmt: skip

    answer = client.post(PATH, content=stream(table), headers=ARROW)

    assert answer.json() == {"accepted": 3}
    columns = submitted.truths[0].table.to_pydict()
    assert columns["key"] == keys
    assert columns["truth_text"] == ["true", "false", "true"]
    assert columns["time"] == [MOMENT] * 3
    assert columns["outcome.revenue"] == [1.0, 2.0, None]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"prediction_id": ["a"]}, "column 'value' is missing"),
        ({"prediction_id": ["a", "b"], "value": [1.0, None]}, "element 1: value: is missing"),
        ({"prediction_id": ["a"], "value": [float("nan")]}, "element 0: value: is missing"),
        ({"prediction_id": ["a", None], "value": [1, 1]}, "element 1: names no prediction"),
        ({"prediction_id": ["a", ""], "value": [1, 1]}, "element 1: prediction_id: is empty"),
        ({"prediction_id": [1], "value": [1]}, "column 'prediction_id' is int64; it must be text"),
        ({"prediction_id": ["a"], "valeu": [1]}, "unknown column 'valeu'; did you mean 'value'?"),
        ({"prediction_id": ["a"], "value": [{"a": 1}]}, "column 'value' is struct"),
        (
            {"prediction_id": ["a"], "value": [1], "time": ["now"]},
            "column 'time' is string and cannot be read",
        ),
        ({"trace_id": ["zz"], "value": [1]}, "element 0: trace_id: must be 32 hexadecimal digits"),
        ({"trace_id": [TRACE], "row": [-2], "value": [1]}, "element 0: row: must be a whole number from 0"),
    ],
)
def test_wrong_arrow_column_is_named(client: AsgiClient, columns: dict[str, list[Any]], said: str) -> None:
    answer = client.post(PATH, content=stream(pa.table(columns)), headers=ARROW)

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"not arrow", b"ARROW1 cut", stream(pa.table({"value": [1, 2]}))[:-30]])
def test_bytes_that_are_no_arrow_stream_are_refused(client: AsgiClient, body: bytes) -> None:
    answer = client.post(PATH, content=body, headers=ARROW)

    assert answer.status_code == 400


@pytest.mark.parametrize("field", ["time", "prediction_time"])
@pytest.mark.parametrize("time", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", MOMENT // 1_000_000_000])
def test_times_that_nobody_means_are_refused(client: AsgiClient, field: str, time: object) -> None:
    answer = client.post(
        PATH, json=[{"prediction_id": "a", "value": 1}, {"prediction_id": "b", "value": 1, field: time}]
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        f"element 1: {field}: is before the year 2000 or more than a day ahead; a number counts nanoseconds since 1970"
    )


def test_times_of_an_arrow_stream_are_checked_too(client: AsgiClient) -> None:
    seconds = pa.table({"prediction_id": ["a"], "value": [1.0], "time_unix_nano": [MOMENT // 1_000_000_000]})

    assert "element 0: time: is before" in client.post(PATH, content=stream(seconds), headers=ARROW).text


def test_outcomes_have_few_and_short_names(client: AsgiClient, submitted: Submitted) -> None:
    many = {f"o{i}": 1 for i in range(501)}
    tall = {"x" * 1001: 1}

    said = client.post(PATH, json=[{"prediction_id": "a", "value": 1, "outcome": many}]).json()["error"]["message"]
    also = client.post(PATH, json=[{"prediction_id": "a", "value": 1, "outcome": tall}]).json()["error"]["message"]

    assert said == "outcome: 501 different names; allowed are 500"
    assert also.endswith("has 1001 characters; allowed are 1000")
    assert not submitted.truths


def test_a_time_that_no_64_bits_count_is_refused_by_name(client: AsgiClient) -> None:
    answer = client.post(PATH, json=[{"prediction_id": "a", "value": 1, "time": "0001-01-01T00:00:00+23:59"}])

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("element 0: time: is before the year 2000")


def test_an_error_far_behind_is_told_by_its_place(client: AsgiClient, submitted: Submitted) -> None:
    truths: list[dict[str, Any]] = [{"prediction_id": "a", "value": 1} for _ in range(10_003)]
    truths[10_001]["value"] = None
    truths[10_002]["time"] = "soon"

    answer = client.post(PATH, json=truths)

    message = "element 10001: value: must be a finite number, a text or a boolean, not None"
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    assert submitted.truths == []


def test_outcomes_far_apart_are_one_table(client: AsgiClient, submitted: Submitted) -> None:
    truths: list[dict[str, Any]] = [{"prediction_id": str(i), "value": i} for i in range(10_002)]
    truths[0]["outcome"], truths[10_001]["outcome"] = {"a": 1}, {"b": 2}

    assert client.post(PATH, json=truths).json() == {"accepted": 10_002}
    table = submitted.truths[0].table
    assert table["truth_number"].to_pylist() == list(range(10_002))
    assert [table[name].drop_null().to_pylist() for name in ("outcome.a", "outcome.b")] == [[1.0], [2.0]]


@pytest.mark.parametrize("apart", [1, 25])
def test_a_name_of_an_outcome_for_every_element_is_refused_before_it_is_a_column(
    client: AsgiClient, apart: int
) -> None:
    """At a distance, no part of the body has too many by itself."""
    truths = [{"prediction_id": "a", "value": 1} for _ in range(600 * apart)]
    for i in range(600):
        truths[i * apart]["outcome"] = {f"o{i}": 1}  # type: ignore[assignment]

    answer = client.post(PATH, json=truths)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "outcome: 600 different names; allowed are 500"


def test_json_is_limited_to_a_quarter_of_the_size_of_arrow(submitted: Submitted) -> None:
    client = AsgiClient(create_app(sample_backend(submitted=submitted, max_body_bytes=4000)))
    arrow = stream(pa.table({"prediction_id": ["a"], "value": [1], "outcome.x" + "y" * 900: [1.0]}))

    assert 1000 < len(arrow) < 4000
    assert client.post(PATH, content=arrow, headers=ARROW).status_code == 200
    assert client.post(PATH, content=b" " * len(arrow), headers={"content-type": "application/json"}).status_code == 413


def file_of(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=2)
    return bytes(sink.getvalue().to_pybytes())


def test_an_arrow_file_is_read_as_the_stream_within_it(client: AsgiClient, submitted: Submitted) -> None:
    ids = pa.array(["a", "b", "a"]).dictionary_encode()

    answer = client.post(PATH, content=file_of(pa.table({"prediction_id": ids, "value": [1, 2, 3]})), headers=ARROW)

    assert (answer.status_code, answer.json()) == (200, {"accepted": 3})
    assert submitted.truths[0].table["truth_number"].to_pylist() == [1, 2, 3]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_dictionaries_of_every_kind_of_text_are_read(
    client: AsgiClient, submitted: Submitted, kind: pa.DataType
) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array(["no", "yes"], kind))
    table = pa.table({"prediction_id": ["a", "b", "c"], "value": words}).slice(0, 2)

    assert client.post(PATH, content=stream(table), headers=ARROW).json() == {"accepted": 2}
    assert submitted.truths[0].table["truth_text"].to_pylist() == ["yes", "no"]


def test_arrow_that_could_grow_is_refused(client: AsgiClient) -> None:
    zeros = pa.table({"prediction_id": ["a"] * 1000, "value": np.zeros(1000)})
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int8)), pa.array(["x" * 100_000]))

    def said(body: bytes) -> tuple[int, str]:
        answer = client.post(PATH, content=body, headers=ARROW)
        return answer.status_code, answer.json()["error"]["message"]

    compressed = "Arrow buffers are compressed; compress the request instead"
    assert said(file_of(zeros, compression="zstd")) == (400, compressed)
    bound = f"dictionaries stand for more than {256 * 2**20} bytes of text; send the rows in parts"
    assert said(stream(pa.table({"prediction_id": long, "value": np.zeros(100_000)}))) == (413, bound)
    for words, kind in ((pa.array([[1.0]]), "list<"), (pa.array(["no"], pa.string_view()), "string_view")):
        odd = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int8()), words)
        code, message = said(stream(pa.table({"prediction_id": ["a", "b"], "value": odd})))
        assert (code, message.startswith(f"a dictionary of {kind}")) == (400, True)
    assert said(file_of(zeros)[:-8]) == (400, "the body is no Arrow IPC file: it is cut short")


def test_the_first_of_many_wrong_keys_is_enough(client: AsgiClient) -> None:
    wrong = [{"prediction_id": "a", "value": 1}, {f"valeu{i}": 1 for i in range(10_000)}]

    answer = client.post(PATH, json=wrong)

    assert answer.json()["error"]["message"] == "element 1: unknown field 'valeu0'; did you mean 'value'?"
