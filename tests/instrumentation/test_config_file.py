"""OpenTelemetry's declarative configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from miops import runtime
from miops.config import Config, read_config
from miops.endpoint import Endpoint

_FILE = """
file_format: "1.0"
# ${NOT_A_VALUE}
logger_provider:
  processors:
    - batch:
        exporter:
          otlp_http:
            endpoint: http://${env:COLLECTOR:-localhost}:4318/v1/logs
            headers:
              - name: x-tenant
                value: a b
            headers_list: x-other=1
            timeout: 5000
            compression: gzip
            tls:
              ca_file: ca.pem
instrumentation/development:
  python:
    miops:
      model_name: ${MODEL}
      model_version: "7"
      capture_features: all
      capture_deny: [name, "*_id"]
      transforms:
        ssn: hash
        age: bucket(18, 65)
      hash_key: ${env:KEY}
      entity_salt: pa$$word
      sample_ratio: ${RATIO:-0.25}
      spans: never
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "otel.yaml"
    path.write_text(_FILE)
    return path


@pytest.mark.parametrize("variable", ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"])
def test_settings_and_endpoint_come_from_the_file(file: Path, variable: str) -> None:
    config = read_config({variable: str(file), "MODEL": "credit", "KEY": "secret", "COLLECTOR": "c"})

    assert config == Config(
        model_name="credit",
        model_version="7",
        capture_deny=("name", "*_id"),
        transforms=(("ssn", "hash"), ("age", "bucket(18, 65)")),
        hash_key="secret",
        entity_salt="pa$word",
        sample_ratio=0.25,
        spans="never",
        endpoint=Endpoint(
            protocol="http/protobuf",
            url="http://c:4318/v1/logs",
            headers=(("x-other", "1"), ("x-tenant", "a b")),
            timeout_seconds=5.0,
            gzip=True,
            certificate="ca.pem",
            client_certificate=None,
            client_key=None,
        ),
    )


def test_own_variables_win_over_the_file_and_it_wins_over_those_of_the_sdk(file: Path) -> None:
    config = read_config(
        {
            "OTEL_CONFIG_FILE": str(file),
            "MIOPS_MODEL_VERSION": "8",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://ignored:1",
            "OTEL_SDK_DISABLED": "true",
        }
    )

    assert (config.model_version, config.model_name, config.disabled) == ("8", None, False)
    assert config.endpoint is not None
    assert config.endpoint.url == "http://localhost:4318/v1/logs"


@pytest.mark.parametrize(
    ("text", "environ", "url"),
    [
        ("{logger_provider: {processors: [simple: {exporter: {otlp_grpc: {endpoint: 'http://c:4317'}}}]}}", {}, "http://c:4317"),
        ("{logger_provider: {processors: [simple: {exporter: {otlp_grpc: }}]}}", {}, "http://localhost:4317"),
        ("{logger_provider: {processors: [batch: {exporter: {console: }}]}}", {}, None),
        ("{file_format: '1.0'}", {}, None),
        ("{file_format: '1.0'}", {"MIOPS_ENDPOINT": "http://m:4317"}, "http://m:4317"),
        ("{instrumentation/development: {python: {miops: {endpoint: 'http://m:4317'}}}}", {}, "http://m:4317"),
    ],
)  # fmt: skip
def test_where_events_go(tmp_path: Path, text: str, environ: dict[str, str], url: str | None) -> None:
    (tmp_path / "otel.yaml").write_text(text)
    endpoint = read_config({"OTEL_CONFIG_FILE": str(tmp_path / "otel.yaml"), **environ}).endpoint

    assert (endpoint and endpoint.url) == url


def test_a_file_may_disable_everything(tmp_path: Path) -> None:
    (tmp_path / "otel.yaml").write_text("disabled: ${OFF}")

    assert read_config({"OTEL_CONFIG_FILE": str(tmp_path / "otel.yaml"), "OFF": "true"}).disabled


@pytest.mark.parametrize("text", [None, "a: [", "- 1", "instrumentation/development: 7"])
def test_a_file_that_cannot_be_read_may_have_said_what_is_private(
    tmp_path: Path, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "otel.yaml"
    if text is not None:
        path.write_text(text)

    assert read_config({"OTEL_CONFIG_FILE": str(path)}).disabled
    assert "nothing is recorded" in caplog.text


def test_a_misspelt_setting_does_not_go_unnoticed(caplog: pytest.LogCaptureFixture) -> None:
    read_config({"MIOPS_TRANSFORM": "a=drop", "MIOPS_SOMETHING": "of the user's own"})

    assert caplog.messages == ["MIOPS_TRANSFORM is no setting of miops; did you mean MIOPS_TRANSFORMS?"]


def test_the_file_is_read_when_recording_starts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.stop()
    monkeypatch.setenv("OTEL_CONFIG_FILE", str(file))
    try:
        runtime.ensure()

        assert runtime.config.capture_deny == ("name", "*_id")
        assert runtime.faults.private
    finally:
        runtime.stop()
