"""Where telemetry comes in and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from miops_collector.config.section import Address, Endpoint, HeaderName, Headers, Origin, Section

__all__ = ["CorsConfig", "ExportConfig", "ForwardConfig", "OtlpConfig", "TlsConfig"]


class TlsConfig(Section):
    """Certificates of the OTLP receivers, PEM files, named as in the OpenTelemetry Collector."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = Field(default=None, description="clients must have a certificate that it signed")


class CorsConfig(Section):
    """Which pages of browsers may send telemetry over HTTP, named as in the OpenTelemetry Collector."""

    allowed_origins: tuple[Origin, ...] = Field(description="SCHEME://HOST:PORT; a * stands for any letters")
    allowed_headers: tuple[HeaderName, ...] = Field(default=(), description="beside those that OTLP needs")
    max_age: int = Field(default=7200, ge=0, description="seconds for which a browser need not ask again")


class OtlpConfig(Section):
    """Where telemetry comes in."""

    grpc: Address = "localhost:4317"
    http: Address = "localhost:4318"
    tls: TlsConfig | None = Field(default=None, description="for both receivers; without it they speak in the clear")
    cors: CorsConfig | None = Field(default=None, description="for pages of browsers; without it they are refused")
    max_request_mib: int = Field(
        default=64, ge=1, le=1024, description="largest request, before and after decompression"
    )
    max_waiting_mib: int | None = Field(
        default=None,
        ge=1,
        description="requests not yet committed; beyond it clients are told to retry. Default: by memory_limit_mib",
    )
    wait_for_room: float = Field(
        default=1.0, ge=0, le=5, description="seconds a request waits for room before its client is told to retry"
    )


class ForwardConfig(Section):
    """Telemetry that is not about predictions goes on, unchanged, to another OTLP endpoint."""

    endpoint: Endpoint = Field(description="http://HOST:PORT")
    protocol: Literal["grpc", "http/protobuf"] = "grpc"
    headers: Headers = Field(default={}, description="sent with every request, such as authorization")


class ExportConfig(Section):
    """Where statistics are pushed, beside ``/metrics``."""

    endpoint: Endpoint = Field(description="http://HOST:PORT, for http/protobuf the base URL or the full path")
    protocol: Literal["grpc", "http/protobuf"] = "http/protobuf"
    headers: Headers = Field(default={}, description="sent with every request, such as authorization")
    interval_seconds: float = Field(default=15.0, gt=0)
