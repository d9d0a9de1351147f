"""Certificates of the OTLP receivers, as both servers want them; a bad one is an error at the start."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import grpc

from miops_collector.config.transport import TlsConfig
from miops_collector.errors import ConfigError

__all__ = ["credentials", "uvicorn_options"]


def credentials(tls: TlsConfig) -> grpc.ServerCredentials:
    """For the gRPC server.

    Raises
    ------
    ConfigError
        If a file cannot be read, is no certificate or key, or the two do not belong together.
    """
    _check(tls)
    authorities = tls.client_ca_file.read_bytes() if tls.client_ca_file else None
    pair = (tls.key_file.read_bytes(), tls.cert_file.read_bytes())
    return grpc.ssl_server_credentials(
        [pair], root_certificates=authorities, require_client_auth=authorities is not None
    )


def uvicorn_options(tls: TlsConfig) -> dict[str, Any]:
    """For the HTTP server."""
    options: dict[str, Any] = {"ssl_certfile": str(tls.cert_file), "ssl_keyfile": str(tls.key_file)}
    if tls.client_ca_file:
        options |= {"ssl_ca_certs": str(tls.client_ca_file), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return options


def _check(tls: TlsConfig) -> None:
    """The gRPC server would only fail at the first handshake."""
    for key, file in (("cert_file", tls.cert_file), ("key_file", tls.key_file), ("client_ca_file", tls.client_ca_file)):
        if file is not None:
            _readable(key, file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: b"")
    except ssl.SSLError as error:
        msg = f"otlp.tls: {tls.cert_file} and {tls.key_file} are no certificate and its key: {error}"
        raise ConfigError(msg) from error
    if tls.client_ca_file is not None:
        try:
            context.load_verify_locations(tls.client_ca_file)
        except ssl.SSLError as error:
            msg = f"otlp.tls.client_ca_file: {tls.client_ca_file} has no certificates: {error}"
            raise ConfigError(msg) from error


def _readable(key: str, file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        msg = f"otlp.tls.{key}: {file} cannot be read: {error.strerror}"
        raise ConfigError(msg) from error
