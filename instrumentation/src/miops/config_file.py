"""OpenTelemetry's declarative configuration file, read as the environment variables that say the same."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

__all__ = ["with_config_file"]

_log = logging.getLogger("miops")
_VARIABLES: Final = ("OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE")
_REPLACED: Final = ("OTEL_EXPORTER_OTLP_", "OTEL_LOGS_EXPORTER", "OTEL_SDK_DISABLED")
"""What the SDK does not look at where there is a file."""
_REFERENCE: Final = re.compile(r"\$\$|\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}")
_PROTOCOLS: Final = {"otlp_grpc": "grpc", "otlp_http": "http/protobuf"}
_LOGS: Final = "OTEL_EXPORTER_OTLP_LOGS_"


def with_config_file(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment as the file of ``OTEL_CONFIG_FILE`` changes it; as it is where there is none.

    ``instrumentation/development: python: miops:`` holds settings by their names in lower case, without ``MIOPS_``;
    variables of the environment win over them. Where events go is what the file says of log records. A file that
    cannot be read disables the recording: it may have said what must not leave the process.
    """
    name = next((environ[variable] for variable in _VARIABLES if environ.get(variable)), None)
    if name is None:
        return environ
    try:
        told = dict(_told(_loaded(Path(name), environ)))
    except Exception as error:  # noqa: BLE001  # a border: no file, no YAML, no PyYAML, another shape
        _log.warning("miops: nothing is recorded, %s cannot be read: %s: %s", name, type(error).__name__, error)
        told = {"MIOPS_DISABLED": "true"}
    kept = {key: value for key, value in environ.items() if not key.startswith(_REPLACED)}
    return {**told, **kept}


def _loaded(path: Path, environ: Mapping[str, str]) -> Mapping[str, Any]:
    import yaml  # comes with the package that makes an SDK of such a file

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return list(map(filled, node))
        return _REFERENCE.sub(lambda found: _value(found, environ), node) if isinstance(node, str) else node

    loaded: Mapping[str, Any] = filled(yaml.safe_load(path.read_text(encoding="utf-8")))
    return loaded


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    return "$" if found[1] is None else environ.get(found[1]) or found[2] or ""


def _told(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "OTEL_SDK_DISABLED", _text(file.get("disabled") or False)
    yield from _exporter(file.get("logger_provider") or {})
    section = ((file.get("instrumentation/development") or {}).get("python") or {}).get("miops") or {}
    for name, value in section.items():
        if value is not None:
            yield f"MIOPS_{name.upper()}", _text(value, ", " if name == "headers" else ";")


def _exporter(provider: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The first OTLP exporter of log records, as its variables."""
    processors = [one for entry in provider.get("processors") or () for one in entry.values() if one]
    exporters = [found for one in processors for found in (one.get("exporter") or {}).items() if found[0] in _PROTOCOLS]
    if not exporters:
        yield "OTEL_LOGS_EXPORTER", "none"
        return
    kind, said = exporters[0][0], exporters[0][1] or {}
    tls = said.get("tls") or {}
    headers = {pair["name"]: quote(str(pair["value"])) for pair in said.get("headers") or ()}
    told = {
        "PROTOCOL": _PROTOCOLS[kind],
        "ENDPOINT": said.get("endpoint"),
        "HEADERS": ",".join(filter(None, (said.get("headers_list"), _text(headers, ",")))),
        "TIMEOUT": None if said.get("timeout") is None else float(said["timeout"]) / 1000,  # milliseconds in files
        "COMPRESSION": said.get("compression"),
        "CERTIFICATE": tls.get("ca_file"),
        "CLIENT_KEY": tls.get("key_file"),
        "CLIENT_CERTIFICATE": tls.get("cert_file"),
        "INSECURE": tls.get("insecure"),
    }
    yield from ((f"{_LOGS}{name}", _text(value)) for name, value in told.items() if value not in (None, ""))


def _text(value: Any, between: str = ";") -> str:
    """A value as its variable has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return between.join(f"{name}={said}" for name, said in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
