from __future__ import annotations

import pytest

from miops_collector.web.app import create_app
from miops_collector.web.hosts import Hosts
from tests.collector.sample_store import Submitted, sample_backend
from tests.collector.web.asgi_client import AsgiClient

TRUTH = [{"prediction_id": "order-7", "value": 1}]


@pytest.fixture
def client() -> AsgiClient:
    return AsgiClient(create_app(sample_backend(), Hosts(allowed=("miops.example.com",))))


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/observations", "/static/console.css", "/nowhere"])
def test_a_name_that_a_page_has_pointed_here_reads_nothing(client: AsgiClient, path: str) -> None:
    answer = client.get(path, headers={"host": "evil.test:4320"})

    assert answer.status_code == 403
    assert answer.json() == {
        "error": {"message": "'evil.test:4320' is not known as a name of this collector: name it in allowed_hosts"}
    }
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["localhost:4320", "collector:4320", "10.0.3.4:4320", "miops.example.com"])
def test_scrapes_and_readers_by_our_names_are_answered(client: AsgiClient, host: str) -> None:
    for path in ("/metrics", "/", "/api/v1/models"):
        assert client.get(path, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_under_any_name(client: AsgiClient, path: str) -> None:
    assert client.get(path, headers={"host": "collector.monitoring.svc.cluster.local:4320"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://[::1"},
        {"origin": "https://evil.test", "sec-fetch-site": "cross-site"},
        {"origin": "http://localhost", "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_a_page_of_others_changes_nothing(headers: dict[str, str]) -> None:
    submitted = Submitted()
    client = AsgiClient(create_app(sample_backend(submitted=submitted)))

    answer = client.post("/api/v1/ground-truth", json=TRUTH, headers=headers)

    assert answer.status_code == 403
    assert "may change nothing here" in answer.json()["error"]["message"]
    assert submitted.truths == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost"},
        {"origin": "http://localhost", "sec-fetch-site": "same-origin"},
        {"origin": "https://miops.example.com", "sec-fetch-site": "same-origin"},
        {"origin": "http://miops.example.com"},
        {"sec-fetch-site": "none"},
    ],
)
def test_programs_and_our_own_pages_may_also_behind_a_proxy(headers: dict[str, str]) -> None:
    submitted = Submitted()
    client = AsgiClient(create_app(sample_backend(submitted=submitted), Hosts(allowed=("miops.example.com",))))

    assert client.post("/api/v1/ground-truth", json=TRUTH, headers=headers).status_code == 200
    assert len(submitted.truths) == 1


def test_pages_of_others_cannot_read_either(client: AsgiClient) -> None:
    answer = client.get("/api/v1/models", headers={"origin": "https://evil.test"})

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
