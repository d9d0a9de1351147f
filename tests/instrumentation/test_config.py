"""Settings: who wins, and what happens to nonsense."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from miops import config as module
from miops.config import Config, read_config
from miops.endpoint import resolve_endpoint

_ROW = r"^\| `(MIOPS_[A-Z_]+)` \| (\S+|by the URL) \| (.*) \|$"


def test_the_table_in_the_docstring_names_every_setting() -> None:
    told = set(re.findall(r"``MIOPS_([A-Z_]+)``  ", module.__doc__ or ""))
    settings = {field.name.upper() for field in fields(Config)}

    assert told - {"PROTOCOL", "HEADERS"} == settings


def test_the_table_in_the_docstring_tells_the_defaults() -> None:
    rows = re.findall(r"^``MIOPS_([A-Z_]+)`` +``([^`]+)``", module.__doc__ or "", re.MULTILINE)

    assert len(rows) > 8
    for name, text in rows:
        default = getattr(Config(), name.lower())
        told = text == "true" if isinstance(default, bool) else type(default)(text)
        assert told == default


def test_nonsense_is_ignored_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    environ = {
        "MIOPS_BUFFER_ROWS": "many", "MIOPS_SPANS": "some", "MIOPS_FLUSH_INTERVAL": "-1", "MIOPS_DISABLED": "ture",
    }  # fmt: skip

    assert read_config(environ) == read_config({})
    for name in environ:
        assert name in caplog.text
    assert "allowed: auto, always, never" in caplog.text


def test_features_are_kept_back_if_it_cannot_be_read_which_are_private(caplog: pytest.LogCaptureFixture) -> None:
    config = read_config({"MIOPS_CAPTURE_FEATURES": "non"})

    assert config.capture_features == "none"
    assert "MIOPS_CAPTURE_FEATURES='non' is taken as 'none': allowed: all, schema, none" in caplog.text


def test_unknown_overrides_are_refused() -> None:
    with pytest.raises(TypeError, match="bufer_rows"):
        read_config({}, bufer_rows=1)


@pytest.mark.parametrize(
    ("environ", "protocol", "url"),
    [
        ({}, "grpc", "http://localhost:4317"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "http/protobuf", "http://localhost:4318/v1/logs"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c:1"}, "grpc", "https://c:1"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "c:1", "OTEL_EXPORTER_OTLP_INSECURE": "true"}, "grpc", "http://c:1"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "c:1"}, "grpc", "https://c:1"),
        (
            {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c/base/"},
            "http/protobuf",
            "http://c/base/v1/logs",
        ),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c/exact"},
            "http/protobuf",
            "http://c/exact",
        ),
        ({"MIOPS_ENDPOINT": "http://m:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "grpc", "http://m:4317"),
        ({"MIOPS_ENDPOINT": "m:4318"}, "http/protobuf", "http://m:4318/v1/logs"),
        ({"MIOPS_ENDPOINT": "http://m/otlp/v1/logs"}, "http/protobuf", "http://m/otlp/v1/logs"),
        ({"MIOPS_ENDPOINT": "m:4317", "OTEL_LOGS_EXPORTER": "none"}, "grpc", "http://m:4317"),
    ],
)
def test_where_events_go(environ: dict[str, str], protocol: str, url: str) -> None:
    endpoint = resolve_endpoint(environ)

    assert endpoint is not None
    assert (endpoint.protocol, endpoint.url) == (protocol, url)


def test_headers_for_another_backend_are_not_sent_to_ours() -> None:
    secret = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20secret"}
    plain, own = resolve_endpoint(secret), resolve_endpoint({**secret, "MIOPS_ENDPOINT": "m:4317"})

    assert plain is not None
    assert own is not None
    assert plain.headers == (("authorization", "Bearer secret"),)
    assert own.headers == ()


def test_no_logs_exporter_means_no_export_unless_we_have_an_endpoint_of_our_own() -> None:
    assert read_config({"OTEL_LOGS_EXPORTER": "none"}).endpoint is None


def test_the_table_of_the_readme_is_that_of_the_docstring() -> None:
    readme = Path(__file__).resolve().parents[2].joinpath("instrumentation", "README.md").read_text()
    shown = {name: (default.strip("`"), meaning) for name, default, meaning in re.findall(_ROW, readme, re.MULTILINE)}
    told = re.findall(r"^``(MIOPS_[A-Z_]+)`` +(\S.*?) {2,}(.*(?:\n {10,}.*)*)", module.__doc__ or "", re.MULTILINE)

    assert len(told) > 20
    assert shown == {
        name: (default.strip("`").replace("\\-", "–"), " ".join(meaning.split()).replace("``", "`"))
        for name, default, meaning in told
    }
