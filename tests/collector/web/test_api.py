from __future__ import annotations

import math
from dataclasses import replace

import pytest

from miops_collector.errors import StoreError
from miops_collector.report import ModelKey, Report
from miops_collector.stores._store import StoredReference
from miops_collector.web.acceptance import read_form
from miops_collector.web.app import create_app
from miops_collector.web.hosts import Hosts
from tests.collector import sample_report as sample
from tests.collector.sample_store import SampleStore, Submitted, sample_backend
from tests.collector.web.asgi_client import AsgiClient


@pytest.fixture
def client() -> AsgiClient:
    return AsgiClient(create_app(sample_backend()))


def test_models_carry_rows_reference_and_the_worst_status(client: AsgiClient) -> None:
    models = {m["name"]: m for m in client.get("/api/v1/models").json()["models"]}

    employment = models["employment"]
    assert employment["version"] == "2015-12"
    assert employment["rows"] == 480_000
    assert employment["labelled"] == 401_234
    assert employment["task"] == "binary_classification"
    assert employment["reference"] == {
        "version": sample.EMPLOYMENT.version, "origin": "file", "rows": 20_000, "created_at": "2025-11-02T00:00:00Z"
    }  # fmt: skip
    assert employment["last_seen"] == "2026-01-01T00:00:00Z"
    assert employment["status"] == "alert"
    assert models["house-prices"]["reference"] is None
    assert models["house-prices"]["status"] == "insufficient_data"


def test_observations_are_filtered_and_paged_without_loss_or_repetition(client: AsgiClient) -> None:
    found, cursor = [], None
    while True:
        parameters = {"model": "employment", "metric": "miops.drift.psi", "column": "age", "limit": 25}
        page = client.get("/api/v1/observations", params=parameters | ({"cursor": cursor} if cursor else {})).json()
        found += page["observations"]
        cursor = page["next"]
        if cursor is None:
            break

    assert len(found) == sample.DAYS
    assert len({o["window_start"] for o in found}) == sample.DAYS
    assert {o["column"] for o in found} == {"age"}
    assert found[0]["status"] == "alert"
    assert found[0]["value"] == pytest.approx(0.9)


def test_observation_has_the_fields_of_the_contract(client: AsgiClient) -> None:
    parameters = {"metric": "miops.drift.chi_square", "column": "age", "model": "employment", "limit": 1}

    observation = client.get("/api/v1/observations", params=parameters).json()["observations"][0]

    assert observation["window"] == "1d"
    assert observation["window_start"] == "2025-12-31T00:00:00Z"
    assert observation["window_end"] == "2026-01-01T00:00:00Z"
    assert observation["computed_at"] == "2026-01-01T00:00:05Z"
    assert observation["n"] == 8000
    assert observation["n_reference"] == 20_000
    assert observation["p_value"] == pytest.approx(1e-9)
    assert observation["segment"] is None
    assert observation["sensitive_feature"] is None
    assert observation["group"] is None


def test_undefined_value_is_null_with_its_reason(client: AsgiClient) -> None:
    parameters = {"metric": "miops.performance.accuracy", "model": "employment", "limit": 1}

    observation = client.get("/api/v1/observations", params=parameters).json()["observations"][0]

    assert observation["value"] is None
    assert observation["reason"] == "no ground truth yet"
    assert observation["status"] == "insufficient_data"


def test_infinite_value_is_null_and_says_so() -> None:
    endless = replace(sample.history()[0], value=math.inf)
    client = AsgiClient(create_app(sample_backend(store=SampleStore((endless,)))))

    observation = client.get("/api/v1/observations").json()["observations"][0]

    assert (observation["value"], observation["reason"]) == (None, "infinite")


def test_times_bound_windows_that_overlap(client: AsgiClient) -> None:
    parameters = {"metric": "miops.window.rows", "model": "employment", "from": "2025-12-30T12:00:00Z",
                  "to": "2026-01-01T00:00:00+00:00"}  # fmt: skip

    found = client.get("/api/v1/observations", params=parameters).json()["observations"]

    assert [o["window_start"] for o in found] == ["2025-12-31T00:00:00Z", "2025-12-30T00:00:00Z"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("modle=x", "did you mean 'model'?"),
        ("limit=0", "limit: '0' is not a whole number from 1 to 10000"),
        ("limit=ten", "limit: 'ten'"),
        ("limit=10001", "limit: '10001'"),
        ("from=yesterday", "from: 'yesterday' is no time"),
        ("model=a&model=b", "'model' is there more than once"),
    ],
)
def test_wrong_query_is_refused_by_name(client: AsgiClient, query: str, said: str) -> None:
    answer = client.get(f"/api/v1/observations?{query}")

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_a_length_of_windows_may_be_written_in_any_unit(client: AsgiClient) -> None:
    of_days, of_hours = (
        client.get("/api/v1/observations", params={"model": "employment", "window": length, "limit": "5"}).json()
        for length in ("1d", "24h")
    )

    assert len(of_days["observations"]) == 5
    assert of_hours == of_days


def test_windows_have_rows_and_labelled_share(client: AsgiClient) -> None:
    page = client.get("/api/v1/windows", params={"model": "employment", "limit": 3}).json()

    assert [w["window_start"] for w in page["windows"]] == [
        "2025-12-31T00:00:00Z", "2025-12-30T00:00:00Z", "2025-12-29T00:00:00Z"]  # fmt: skip
    assert [w["rows"] for w in page["windows"]] == [8000, 8000, 8000]
    assert [w["labelled_share"] for w in page["windows"]] == [0, 0, pytest.approx(0.1)]
    assert page["next"] == "3"


@pytest.mark.parametrize(
    ("own", "common", "wanted"),
    [
        (None, None, None),
        (None, "given", (None, "given")),
        ("given", "given", (sample.EMPLOYMENT.version, "given")),
        ("auto", None, (sample.EMPLOYMENT.version, "auto")),
        ("auto", "given", (None, "given")),
    ],
)
def test_models_say_which_reference_serves_them(
    own: str | None, common: str | None, wanted: tuple[str | None, str] | None
) -> None:
    origins = {sample.EMPLOYMENT.version: own, "": common}

    class Stored(SampleStore):
        def reference(self, model: ModelKey) -> StoredReference | None:
            origin = origins.get(model.version)
            return None if origin is None else StoredReference("{}", b"", b"", origin=origin, rows=9000, created_at=1)

    client = AsgiClient(create_app(sample_backend(store=Stored())))
    models = {m["name"]: m for m in client.get("/api/v1/models").json()["models"]}

    found = models[sample.EMPLOYMENT.name]["reference"]
    assert (found and (found["version"], found["origin"])) == wanted


def test_alarms_can_be_asked_by_state(client: AsgiClient) -> None:
    firing = client.get("/api/v1/alarms", params={"state": "firing"}).json()["alarms"]
    everything = client.get("/api/v1/alarms").json()["alarms"]

    assert len(everything) == 3
    assert [a["rule"] for a in firing] == ["drift", "drift"]
    assert firing[0]["column"] == "age"
    assert firing[0]["state"] == "firing"
    assert firing[0]["since"] == "2025-12-27T00:00:00Z"
    assert len(firing[0]["examples"]) == 5
    assert firing[0]["evidence"]["look_back"] == "1d"
    assert firing[0]["causes"]["columns"] == ["age"]
    assert firing[0]["causes"]["segments"] == []
    assert firing[0]["causes"]["contributions"] == [{"column": "age", "effect": 0.93, "p_value": 1e-12}]


def test_unknown_alarm_state_is_refused(client: AsgiClient) -> None:
    answer = client.get("/api/v1/alarms", params={"state": "fireing"})

    assert answer.status_code == 400
    assert "did you mean 'firing'?" in answer.json()["error"]["message"]


def test_prediction_ids_may_hold_slashes(client: AsgiClient) -> None:
    assert client.get("/api/v1/predictions/order-7/0").json()["prediction_id"] == "order-7/0"


def test_unknown_prediction_is_not_found(client: AsgiClient) -> None:
    answer = client.get("/api/v1/predictions/nobody")

    assert answer.status_code == 404
    assert "'nobody'" in answer.json()["error"]["message"]


def test_collector_sums_rows_over_transports(client: AsgiClient) -> None:
    collector = client.get("/api/v1/collector").json()

    assert collector["rows"] == {"received": 1000, "stored": 950, "refused": 30, "deduplicated": 20}
    assert collector["version"] == "0.1.0"
    assert collector["metrics"][0]["points"][0]["attributes"] == {"miops.transport": "grpc"}


def test_secrets_in_the_settings_are_not_shown() -> None:
    backend = sample_backend()
    export = {"endpoint": "https://me:pw@host/v1/metrics", "headers": {"authorization": "Bearer s3cret"}}
    client = AsgiClient(create_app(replace(backend, info={"config": {"export": export, "web": "localhost:4320"}})))

    for path in ("/api/v1/collector", "/collector"):
        text = client.get(path).text
        assert "localhost:4320" in text
        assert "s3cret" not in text
        assert "pw" not in text


def test_metrics_are_served_in_the_format_asked_for(client: AsgiClient) -> None:
    plain = client.get("/metrics")
    openmetrics = client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})

    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.text.endswith("# EOF\n")
    assert 'miops_drift_psi{miops_column="age"' in plain.text


def test_readiness_is_the_stores(client: AsgiClient) -> None:
    store = SampleStore()
    store.not_ready = "disk full"
    stuck = AsgiClient(create_app(sample_backend(store=store)))

    assert client.get("/readyz").status_code == 200
    assert client.get("/healthz").text == "ok\n"
    assert (stuck.get("/readyz").status_code, stuck.get("/readyz").text) == (503, "disk full\n")
    assert stuck.get("/healthz").status_code == 200


def test_every_answer_carries_security_headers(client: AsgiClient) -> None:
    for path in ("/api/v1/models", "/metrics", "/nowhere", "/healthz"):
        headers = client.get(path).headers

        assert "script-src 'self';" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_unknown_path_and_method_are_json_errors(client: AsgiClient) -> None:
    def said(method: str, path: str) -> str:
        return str(client.request(method, path).json()["error"]["message"])

    assert said("GET", "/api/v1/observation") == (
        "there is nothing at '/api/v1/observation'; did you mean '/api/v1/observations'?"
    )
    assert client.request("DELETE", "/api/v1/models").status_code == 405
    assert said("GET", "/api/v1/ground-truth") == "GET /api/v1/ground-truth: Method Not Allowed; allowed: POST"
    assert said("GET", "/api/v1/models?page=2") == "unknown query parameter 'page'; none is allowed here"


def test_nobody_is_sent_to_a_host_that_the_request_names() -> None:
    client = AsgiClient(create_app(sample_backend(), Hosts(allowed=("*",))))

    answer = client.get("/api/v1/models/", headers={"host": "elsewhere.example"})

    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("metric=psi", "metric: 'psi' is none: write its full name, such as 'miops.drift.psi'"),
        ("metric=roc_auc", "metric: 'roc_auc' is none: write its full name, such as 'miops."),
        ("window=7x", "window: '7x' is no length: write a number and one of s, m, h, d, w"),
    ],
)
def test_a_filter_that_can_match_nothing_is_an_error(client: AsgiClient, query: str, message: str) -> None:
    answer = client.get(f"/api/v1/observations?{query}")

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "model: is missing: must be a text of 1 to 1024 characters\nby: is missing: must be a text of 1 to 200"),
        ({"model": "m", "by": ""}, "by: must be a text of 1 to 200 characters: who decides it, not ''"),
        ({"model": "m", "by": "a", "start": "2026-01-01"}, "start: must be an ISO 8601 time with an offset, such as"),
        ({"model": "m", "by": "a", "strat": "x"}, "unknown field 'strat'; did you mean 'start'?"),
        ([], 'the body: must be an object such as {"model": "credit", "by": "alice"}, not []'),
    ],
)
def test_what_is_wrong_with_an_acceptance_is_said(client: AsgiClient, form: object, message: str) -> None:
    answer = client.post("/api/v1/reference/accept", json=form)

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_of_a_model_without_a_version_none_need_be_said() -> None:
    assert read_form(b'{"model": "m", "by": "a"}').version == "unversioned"


def test_nothing_known_yet_is_empty_not_an_error() -> None:
    client = AsgiClient(create_app(sample_backend(report=Report(computed_at=0), store=SampleStore(()))))

    assert client.get("/api/v1/observations").json() == {"observations": [], "next": None}
    assert client.get("/api/v1/alarms").json() == {"alarms": []}
    assert {m["status"] for m in client.get("/api/v1/models").json()["models"]} == {None}


def test_a_store_that_cannot_write_asks_the_client_to_retry() -> None:
    submitted = Submitted(error=StoreError("disk full", retry_after_seconds=7))
    client = AsgiClient(create_app(sample_backend(submitted=submitted)))

    answer = client.post("/api/v1/ground-truth", json=[{"prediction_id": "a", "value": 1}])

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
