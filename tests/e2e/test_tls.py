"""The OTLP receivers over TLS: real exporters, certificates made for the occasion."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from miops_collector.config import Config
from miops_collector.config.transport import OtlpConfig, TlsConfig
from miops_collector.errors import ConfigError
from miops_collector.server import Collector, in_background
from tests.e2e.credit import applications
from tests.e2e.senders import Endless, spans_of

DAYS, CURVE = "2", "prime256v1"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ca.pem`` signs ``server`` and ``client``; nobody knows ``stranger``."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with the command openssl")
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("ca", "stranger"):
        _openssl(folder, "req", "-x509", *_new_key(name), "-out", f"{name}.pem", "-days", DAYS, "-subj", f"/CN={name}")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        _openssl(folder, "req", *_new_key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signed_by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", DAYS, "-extfile", "names")
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signed_by, "-out", f"{name}.pem")
    return folder


def _new_key(name: str) -> tuple[str, ...]:
    return ("-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{CURVE}", "-nodes", "-keyout", f"{name}.key")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(autouse=True)
def _no_other_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """These would win over what an exporter is told."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def config(folder: Path, tls: TlsConfig) -> Config:
    otlp = OtlpConfig(grpc="127.0.0.1:0", http="127.0.0.1:0", tls=tls)
    return Config(data_dir=folder / "data", otlp=otlp, web="127.0.0.1:0")


@pytest.fixture(params=[False, True], ids=["server certificate", "client certificates too"])
def collector(request: pytest.FixtureRequest, certificates: Path, tmp_path: Path) -> Iterator[tuple[Collector, bool]]:
    authorities = certificates / "ca.pem" if request.param else None
    tls = TlsConfig(
        cert_file=certificates / "server.pem", key_file=certificates / "server.key", client_ca_file=authorities
    )
    with in_background(config(tmp_path, tls)) as running:
        yield running, request.param


def over_grpc(collector: Collector, ca: Path, client: Path | None, timeout: float) -> GrpcSpanExporter:
    key, chain = (client.with_suffix(".key").read_bytes(), client.read_bytes()) if client else (None, None)
    trusted = grpc.ssl_channel_credentials(ca.read_bytes(), key, chain)
    return GrpcSpanExporter(endpoint=collector.addresses.grpc, credentials=trusted, timeout=timeout)


def over_http(collector: Collector, ca: Path, client: Path | None, timeout: float) -> HttpSpanExporter:
    return HttpSpanExporter(
        endpoint=f"https://{collector.addresses.http}/v1/traces", certificate_file=str(ca), timeout=timeout,
        client_certificate_file=str(client) if client else None,
        client_key_file=str(client.with_suffix(".key")) if client else None,
    )  # fmt: skip


PATIENT, AT_ONCE = 30.0, 2.0
"""Seconds for what must succeed, on however busy a machine, and for what must not, however long it is tried."""
EXPORTERS: Mapping[str, Callable[..., Any]] = {"grpc": over_grpc, "http": over_http}


def sends(exporter: Any, prefix: str) -> bool:
    try:
        exported = exporter.export(spans_of(Endless(applications(20, seed=1), prefix), range(20)))
        return bool(exported is SpanExportResult.SUCCESS)
    finally:
        exporter.shutdown()


def test_exporters_of_the_sdk_send_over_tls(collector: tuple[Collector, bool], certificates: Path) -> None:
    running, needs_client = collector
    ca, own = certificates / "ca.pem", certificates / "client.pem"

    for name, make in EXPORTERS.items():
        assert sends(make(running, ca, own, PATIENT), name)
        without = make(running, ca, None, AT_ONCE if needs_client else PATIENT)
        assert sends(without, f"{name}-without") is not needs_client
        assert not sends(make(running, certificates / "stranger.pem", own, AT_ONCE), f"{name}-of-others")
    assert not sends(GrpcSpanExporter(endpoint=running.addresses.grpc, insecure=True, timeout=AT_ONCE), "in the clear")

    assert sum(model.rows for model in running.store.models()) == (40 if needs_client else 80)


def test_strangers_are_refused_where_clients_need_certificates(
    collector: tuple[Collector, bool], certificates: Path
) -> None:
    running, needs_client = collector
    ca, stranger = certificates / "ca.pem", certificates / "stranger.pem"

    for name, make in EXPORTERS.items():
        assert sends(make(running, ca, stranger, AT_ONCE if needs_client else PATIENT), name) is not needs_client


@pytest.mark.parametrize(
    ("cert", "key", "authorities", "told"),
    [
        ("absent.pem", "server.key", None, r"otlp\.tls\.cert_file: .*absent\.pem cannot be read: No such file"),
        ("server.pem", "client.key", None, "are no certificate and its key"),
        ("names", "server.key", None, "are no certificate and its key"),
        ("server.pem", "server.key", "names", r"otlp\.tls\.client_ca_file: .*names has no certificates"),
    ],
)
def test_bad_certificates_are_named_at_the_start(
    cert: str, key: str, authorities: str | None, told: str, certificates: Path, tmp_path: Path
) -> None:
    client_ca = certificates / authorities if authorities else None
    tls = TlsConfig(cert_file=certificates / cert, key_file=certificates / key, client_ca_file=client_ca)

    with pytest.raises(ConfigError, match=told):
        Collector(config(tmp_path, tls))
