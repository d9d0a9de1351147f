from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from miops_collector.schema import FAULT_SUFFIX, PREDICTIONS
from miops_collector.web.app import create_app
from tests.collector import sample_report as sample
from tests.collector.sample_store import Submitted, sample_backend
from tests.collector.web.asgi_client import AsgiClient
from tests.collector.web.test_ground_truth import ARROW, stream

PATH = "/api/v1/reference"


@pytest.fixture
def submitted() -> Submitted:
    return Submitted()


@pytest.fixture
def client(submitted: Submitted) -> AsgiClient:
    return AsgiClient(create_app(sample_backend(submitted=submitted)))


def table() -> pa.Table:
    return pa.table({
        "age": pa.array([30, 40, None], pa.int8()),
        "city": pa.array(["Rome", "Oslo", "Rome"]).dictionary_encode(),
        "member": [True, False, None],
        "region": ["n", "s", "s"],
        "row_number": [1, 2, 3],
        "truth": ["yes", "no", "yes"],
        "decision": ["yes", "yes", "no"],
        "p": pa.array([0.9, 0.8, 0.2], pa.float32()),
    })  # fmt: skip


def test_arrow_table_is_split_by_the_roles_in_the_query(client: AsgiClient, submitted: Submitted) -> None:
    answer = client.post(
        PATH,
        content=stream(table()),
        headers=ARROW,
        params=[
            ("model", "m"), ("version", "7"), ("truth", "truth"), ("prediction", "decision"), ("score", "p"),
            ("context", "region"), ("ignore", "row_number"), ("task", "binary_classification"), ("sensitive", "region"),
        ],
    )  # fmt: skip

    assert (answer.status_code, answer.json()) == (200, {"accepted": 3})
    records = submitted.references[0]
    assert (records.kind, records.model, records.version, records.reference_last) == ("reference", "m", "7", True)
    assert (records.task, records.sensitive) == ("binary_classification", ("region",))
    dynamic = ["truth_number", "truth_text", "feature.age", "feature.city", "feature.member", "context.region"]
    assert records.table.schema.names == [*PREDICTIONS.names, *dynamic]
    assert [records.table.schema.field(name).type for name in PREDICTIONS.names] == [f.type for f in PREDICTIONS]
    columns = records.table.to_pydict()
    assert columns["feature.age"] == [30.0, 40.0, None]
    assert columns["feature.city"] == ["Rome", "Oslo", "Rome"]
    assert columns["feature.member"] == [True, False, None]
    assert columns["truth_text"] == ["yes", "no", "yes"]
    assert columns["value_text"] == ["yes", "yes", "no"]
    assert columns["score"] == pytest.approx([0.9, 0.8, 0.2])
    assert columns["time"] == [sample.NOW] * 3
    assert len(set(columns["key"])) == 3


def test_the_same_reference_has_the_same_keys(client: AsgiClient, submitted: Submitted) -> None:
    for _ in range(2):
        client.post(PATH, content=stream(table()), headers=ARROW, params={"model": "m", "truth": "truth"})

    first, second = submitted.references
    assert first.table["key"].equals(second.table["key"])


def test_a_large_reference_comes_in_pieces(client: AsgiClient, submitted: Submitted) -> None:
    for start, last in ((0, "false"), (2, "true")):
        parameters = {"model": "m", "truth": "truth", "reference_id": "r1", "last": last}
        client.post(PATH, content=stream(table().slice(start, 2)), headers=ARROW, params=parameters)

    first, second = submitted.references
    assert [(r.reference_id, r.reference_last) for r in (first, second)] == [("r1", False), ("r1", True)]
    keys = first.table["key"].to_pylist() + second.table["key"].to_pylist()
    assert len(set(keys)) == 3


def test_json_columns_are_taken_too(client: AsgiClient, submitted: Submitted) -> None:
    answer = client.post(PATH, json={"model": "m", "truth": "y", "columns": {"x": [1, 2], "y": [0, 1]}})

    assert answer.json() == {"accepted": 2}
    assert submitted.references[0].version == ""
    assert submitted.references[0].table["feature.x"].to_pylist() == [1.0, 2.0]
    assert submitted.references[0].table["truth_number"].to_pylist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"truth": "truth"}, "query parameter 'model': is missing"),
        ({"model": "m", "truth": "thruth"}, "truth: there is no column 'thruth'; did you mean 'truth'?"),
        ({"model": "m", "context": "regoin"}, "context: there is no column 'regoin'; did you mean 'region'?"),
        ({"model": "m", "sensitive": "sex"}, "sensitive: there is no column 'sex'"),
        ({"model": "m", "verison": "1"}, "unknown query parameter 'verison'; did you mean 'version'?"),
        ({"model": "m", "task": "regresion"}, "'regresion' is no task; did you mean 'regression'?"),
        ({"model": "m", "score": "city"}, "column 'city' is dictionary"),
    ],
)
def test_wrong_role_is_named(client: AsgiClient, parameters: dict[str, str], said: str) -> None:
    answer = client.post(PATH, content=stream(table()), headers=ARROW, params=parameters)

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"model": "m", "columns": {"x": [1, 2], "y": [1]}}, "all of equal length"),
        ({"model": "m", "columns": {"x": 5}}, "every column must be a list"),
        ({"model": "m", "columns": {}}, "every column must be a list"),
        ({"model": "m", "columns": {"x": [1, "a"]}}, "columns: 'x': values of one column must be of one type"),
        ({"model": "m", "columns": {"x": [[1], [2]]}}, "column 'x' is list"),
        ({"model": "m", "columns": {"x": []}}, "the reference has no rows"),
        ({"columns": {"x": [1]}}, "field 'model': is missing"),
        ({"model": "m"}, '"columns"'),
        ([1], '"columns"'),
    ],
)
def test_wrong_json_body_is_refused(client: AsgiClient, body: Any, said: str) -> None:
    answer = client.post(PATH, json=body)

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_a_column_of_dates_is_refused_with_the_way_out(client: AsgiClient) -> None:
    dates = pa.table({"born": pa.array([1], pa.date32())})

    answer = client.post(PATH, content=stream(dates), headers=ARROW, params={"model": "m"})

    assert answer.status_code == 400
    assert "leave it out with ignore=born" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"columns": {"": [1.0]}}, "the column '' has a name that is empty, ends with"),
        ({"columns": {f"a{FAULT_SUFFIX}": [1.0]}}, f"has a name that is empty, ends with {FAULT_SUFFIX!r}"),
        ({"columns": {"x" * 1001: [1.0]}}, "or is longer than 1000 characters"),
        ({"columns": {f"c{i}": [1] for i in range(5001)}}, "the reference has 5001 columns; allowed are 5000"),
        ({"truth": "a", "prediction": "a"}, "prediction: the column 'a' is truth already; allowed: one role"),
        ({"score": "a", "ignore": ["a"]}, "score: the column 'a' is ignore already"),
        ({"truth": "a", "context": ["a"]}, "context: the column 'a' is truth already"),
        ({"model": ""}, "field 'model': must not be empty, not ''"),
        ({"version": 5}, "field 'version': must be a text, not 5"),
        ({"last": "maybe"}, "field 'last': must be true or false, not 'maybe'"),
    ],
)
def test_a_reference_that_nobody_means_is_refused(
    client: AsgiClient, submitted: Submitted, form: dict[str, Any], message: str
) -> None:
    answer = client.post(PATH, json={"model": "m", "columns": {"a": [1.0], "b": [2.0]}} | form)

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert not submitted.references


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (r'{"model": "m", "columns": {"\ud800": [1]}}', r"columns: the name '\ud800' is no valid Unicode"),
        (r'{"model": "m", "version": "\ud800", "columns": {"a": [1]}}', "field 'version': must be valid Unicode"),
        (r'{"model": "m", "reference_id": "\udfff", "columns": {"a": [1]}}', "field 'reference_id': must be valid"),
        (r'{"model": "m", "positive_class": "\udfff", "columns": {"a": [1]}}', "field 'positive_class': must be valid"),
        (f'{{"model": "m", "version": "{"v" * 1025}", "columns": {{"a": [1]}}}}', "must have at most 1024 characters"),
    ],
)
def test_text_that_nothing_can_store_is_refused_by_name(client: AsgiClient, body: str, said: str) -> None:
    answer = client.post(PATH, content=body.encode(), headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_an_object_has_only_so_many_keys(client: AsgiClient, submitted: Submitted) -> None:
    answer = client.post(PATH, json={"model": "m", "columns": {str(i): [1] for i in range(20_001)}})

    assert answer.status_code == 400
    assert "an object has 20001 keys; allowed are 20000" in answer.json()["error"]["message"]
    assert submitted.references == []
