"""Where events go and how: the OTLP environment variables, as the OpenTelemetry specification defines them.

See https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

__all__ = ["Endpoint", "Protocol", "resolve_endpoint"]

Protocol: TypeAlias = Literal["grpc", "http/protobuf"]

_log = logging.getLogger("miops")
_DEFAULT: Final[Mapping[str, str]] = {"grpc": "http://localhost:4317", "http/protobuf": "http://localhost:4318"}
_LOGS_PATH: Final = "/v1/logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One OTLP logs endpoint.

    Attributes
    ----------
    url
        ``http`` or ``https``; for HTTP with its path, for gRPC only scheme, host and port count.
    certificate, client_certificate, client_key
        Paths of PEM files, used with ``https``.
    """

    protocol: Protocol
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    timeout_seconds: float = 10.0
    gzip: bool = False
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @property
    def target(self) -> str:
        """``host:port``."""
        return urlsplit(self.url).netloc


def resolve_endpoint(environ: Mapping[str, str]) -> Endpoint | None:
    """The endpoint this environment asks for, or ``None`` if it asks for no log export at all.

    Examples
    --------
    >>> resolve_endpoint({}).url
    'http://localhost:4317'
    >>> http = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:9"}
    >>> resolve_endpoint(http).url
    'http://c:9/v1/logs'
    >>> resolve_endpoint({"OTEL_LOGS_EXPORTER": "none"}) is None
    True
    """
    own = environ.get("MIOPS_ENDPOINT", "").strip()
    if not own and environ.get("OTEL_LOGS_EXPORTER", "").strip().lower() == "none":
        return None
    protocol = _own_protocol(environ, own) if own else _protocol(_otlp(environ, "PROTOCOL"))
    url = _own_url(protocol, own) if own else _otlp_url(environ, protocol)
    headers = environ.get("MIOPS_HEADERS", "") if own else _otlp(environ, "HEADERS")
    return Endpoint(
        protocol=protocol,
        url=url,
        headers=_headers(headers),
        timeout_seconds=_timeout(_otlp(environ, "TIMEOUT")),
        gzip=_otlp(environ, "COMPRESSION").lower() == "gzip",
        certificate=_otlp(environ, "CERTIFICATE") or None,
        client_certificate=_otlp(environ, "CLIENT_CERTIFICATE") or None,
        client_key=_otlp(environ, "CLIENT_KEY") or None,
    )


def _otlp(environ: Mapping[str, str], name: str) -> str:
    for prefix in ("OTEL_EXPORTER_OTLP_LOGS_", "OTEL_EXPORTER_OTLP_"):
        text = environ.get(prefix + name, "").strip()
        if text:
            return text
    return ""


def _protocol(text: str) -> Protocol:
    match text.lower():
        case "" | "grpc":
            return "grpc"
        case "http/protobuf":
            return "http/protobuf"
        case "http/json":
            _log.warning("OTLP protocol 'http/json' is not written by miops; using 'http/protobuf'")
            return "http/protobuf"
    _log.warning("OTLP protocol %r is unknown (allowed: grpc, http/protobuf); using 'grpc'", text)
    return "grpc"


def _own_protocol(environ: Mapping[str, str], url: str) -> Protocol:
    said = environ.get("MIOPS_PROTOCOL", "").strip()
    if said:
        return _protocol(said)
    parts = urlsplit(_with_scheme(url, secure=False))
    return "http/protobuf" if parts.port == 4318 or parts.path.strip("/") else "grpc"


def _own_url(protocol: Protocol, text: str) -> str:
    url = _with_scheme(text, secure=False)
    bare = protocol == "http/protobuf" and not urlsplit(url).path.strip("/")
    return url.rstrip("/") + _LOGS_PATH if bare else url


def _otlp_url(environ: Mapping[str, str], protocol: Protocol) -> str:
    secure = _otlp(environ, "INSECURE").lower() != "true"
    logs = environ.get("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "").strip()
    if logs:
        return _with_scheme(logs, secure=secure)
    common = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip() or _DEFAULT[protocol]
    url = _with_scheme(common, secure=secure)
    return url.rstrip("/") + _LOGS_PATH if protocol == "http/protobuf" else url


def _with_scheme(text: str, *, secure: bool) -> str:
    """GRPC endpoints may be bare ``host:port``; the INSECURE variable then decides."""
    return text if "://" in text else f"{'https' if secure else 'http'}://{text}"


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in text.split(","))
    return tuple((key.strip().lower(), unquote(value.strip())) for key, sep, value in pairs if sep and key.strip())


def _timeout(text: str) -> float:
    """Seconds, as every OpenTelemetry Python exporter reads it (the specification says milliseconds)."""
    try:
        return float(text) if float(text or 0) > 0 else 10.0
    except ValueError:
        _log.warning("OTLP timeout %r is no number; using 10 seconds", text)
        return 10.0
