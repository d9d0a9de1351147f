r"""What a user sets: ``MIOPS_*`` and ``OTEL_*`` environment variables, read once into a frozen :class:`Config`.

=============================  =============  ==================================================================
variable                       default        meaning
=============================  =============  ==================================================================
``MIOPS_DISABLED``             ``false``      nothing is patched, recorded or sent (as ``OTEL_SDK_DISABLED``)
``MIOPS_ENDPOINT``             \-             where events go, instead of the OTLP logs endpoint; OTLP headers,
                                              which may hold another backend's secrets, are then not sent
``MIOPS_PROTOCOL``             by the URL     ``grpc`` or ``http/protobuf`` for ``MIOPS_ENDPOINT``; without it
                                              port 4318 or a path means ``http/protobuf``
``MIOPS_HEADERS``              \-             ``key=value,…`` for ``MIOPS_ENDPOINT``
``MIOPS_MODEL_NAME``           \-             name of every model that is not named in the call
``MIOPS_MODEL_VERSION``        \-             its version
``MIOPS_MODEL_FILE``           \-             file the model is loaded from: its fingerprint is the version
``MIOPS_MODEL_ROLE``           \-             ``primary``, ``shadow`` or ``canary``: of every model of this deployment
``MIOPS_CAPTURE_FEATURES``     ``all``        ``all``; ``schema`` sends names only; ``none``
``MIOPS_CAPTURE_ALLOW``        \-             patterns of the only features that are sent: ``age,income_*``
``MIOPS_CAPTURE_DENY``         \-             patterns of features, context and outcomes that never are
``MIOPS_TRANSFORMS``           \-             what is done to columns first: ``ssn=hash;age=bucket(18,65)``; also
                                              ``round(digits)``, ``truncate(n)``, ``drop``
``MIOPS_HASH_KEY``             \-             secret key of hashes; without it such columns are dropped
``MIOPS_ENTITY_SALT``          \-             secret with which entity ids are hashed, in truth too
``MIOPS_SAMPLE_RATIO``         ``1``          share of rows that is sent, weighted so that statistics stay unbiased;
                                              of calls that failed all are
``MIOPS_KEEP_BELOW``           ``0``          rows whose predicted class has a lower probability are always sent
``MIOPS_MAX_FEATURES``         ``2000``       inputs with more columns are recorded without features
``MIOPS_SPANS``                ``auto``       ``auto`` makes none under an unsampled parent; ``always``; ``never``
``MIOPS_BUFFER_ROWS``          ``1048576``    rows held at most; more are dropped and counted
``MIOPS_BUFFER_BYTES``         ``67108864``   bytes held at most
``MIOPS_FLUSH_ROWS``           ``1024``       rows that start a flush before the interval is over
``MIOPS_FLUSH_INTERVAL``       ``1``          seconds between flushes
``MIOPS_REQUEST_BYTES``        ``3000000``    size of one event; receivers commonly refuse over 4 MiB
``MIOPS_RETRY_TIMEOUT``        ``300``        seconds after which a request that is refused for now is dropped
``MIOPS_EXIT_TIMEOUT``         ``1.5``        seconds an exiting process waits for the last rows to be sent
=============================  =============  ==================================================================

OpenTelemetry's declarative configuration file (``OTEL_CONFIG_FILE``) may hold the same settings, see
:mod:`miops.config_file`. The endpoint, headers, timeout, compression and certificates come from the
``OTEL_EXPORTER_OTLP_*`` variables and their ``OTEL_EXPORTER_OTLP_LOGS_*`` forms (see :mod:`miops.endpoint`). A
value that cannot be read is ignored with one warning: a wrong setting of ours never stops the program. One that may
have said what is private is not: then nothing is sent that it may have been about.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final, Literal

from miops.config_file import with_config_file
from miops.endpoint import Endpoint, resolve_endpoint
from miops.model_file import version_of_file
from miops.transforms import Rule, read_rules

__all__ = ["Config", "read_config"]

_log = logging.getLogger("miops")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of the instrumentation; the field ``x_y`` is the variable ``MIOPS_X_Y``."""

    disabled: bool = False
    model_name: str | None = None
    model_version: str | None = None
    model_file: str | None = None
    model_role: str | None = None
    capture_features: Literal["all", "schema", "none"] = "all"
    capture_allow: tuple[str, ...] = ()
    capture_deny: tuple[str, ...] = ()
    transforms: tuple[Rule, ...] = ()
    hash_key: str | None = field(default=None, repr=False)
    entity_salt: str | None = field(default=None, repr=False)
    sample_ratio: float = 1.0
    keep_below: float = 0.0
    max_features: int = 2000
    spans: Literal["auto", "always", "never"] = "auto"
    buffer_rows: int = 1_048_576
    buffer_bytes: int = 64 * 1024 * 1024
    flush_rows: int = 1024
    flush_interval: float = 1.0
    request_bytes: int = 3_000_000
    retry_timeout: float = 300.0
    exit_timeout: float = 1.5
    endpoint: Endpoint | None = None
    """``None`` when ``OTEL_LOGS_EXPORTER=none`` and no ``MIOPS_ENDPOINT`` is set: nothing is exported."""

    @property
    def private(self) -> bool:
        """Whether values are kept back, so that texts of errors, which may quote them, must be as well."""
        kept = (self.capture_allow, self.capture_deny, self.transforms, self.entity_salt)
        return self.capture_features != "all" or any(kept)


def _boolean(text: str) -> bool:
    return text.strip().lower() in _TRUE


def _switch(text: str) -> bool:
    if text.strip().lower() not in _TRUE | _FALSE:
        raise ValueError("allowed: true, false")
    return _boolean(text)


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.strip().lower() not in allowed:
            raise ValueError(f"allowed: {', '.join(allowed)}")
        return text.strip().lower()

    return read


def _positive(number: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = number(text)
        if not value > 0:
            raise ValueError("must be greater than zero")
        return value

    return read


def _share(text: str) -> float:
    if not 0 < (value := float(text)) <= 1:
        raise ValueError("must be greater than 0 and at most 1")
    return value


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "disabled": _switch,
    "model_name": str,
    "model_version": str,
    "model_file": str,
    "model_role": _one_of("primary", "shadow", "canary"),
    "capture_features": _one_of("all", "schema", "none"),
    "capture_allow": _patterns,
    "capture_deny": _patterns,
    "transforms": read_rules,
    "hash_key": str,
    "entity_salt": str,
    "sample_ratio": _share,
    "keep_below": float,
    "max_features": _positive(int),
    "spans": _one_of("auto", "always", "never"),
    "buffer_rows": _positive(int),
    "buffer_bytes": _positive(int),
    "flush_rows": _positive(int),
    "flush_interval": _positive(float),
    "request_bytes": _positive(int),
    "retry_timeout": _positive(float),
    "exit_timeout": _positive(float),
}


_KEPT_BACK: Final[Mapping[str, Any]] = {"capture_features": "none"}
"""What is meant by a value that cannot be read, where it may have said what is private."""
_ELSEWHERE: Final = frozenset({"endpoint", "protocol", "headers"})


def _warn_of_misspelt(environ: Mapping[str, str]) -> None:
    """A misspelt setting must not go unnoticed: it may be one that keeps values back."""
    known = _READERS.keys() | _ELSEWHERE
    for name in sorted(name for name in environ if name.startswith("MIOPS_")):
        own = name.removeprefix("MIOPS_").lower()
        near = get_close_matches(own, known, 1, 0.8) if own not in known else []
        if near:
            _log.warning("%s is no setting of miops; did you mean MIOPS_%s?", name, near[0].upper())


def _version_of(path: str) -> str | None:
    try:
        return version_of_file(path)
    except OSError as error:
        _log.warning("MIOPS_MODEL_FILE=%r gives no version: %s", path, error)
        return None


def read_config(environ: Mapping[str, str], **overrides: Any) -> Config:
    """The configuration of this environment; ``overrides`` are fields of :class:`Config` and win.

    Examples
    --------
    >>> read_config({"MIOPS_FLUSH_INTERVAL": "0.5"}).flush_interval
    0.5
    >>> read_config({"OTEL_SDK_DISABLED": "true"}).disabled
    True
    """
    environ = with_config_file(environ)
    _warn_of_misspelt(environ)
    values: dict[str, Any] = {}
    for name, read in _READERS.items():
        text = environ.get(f"MIOPS_{name.upper()}", "")
        if not text.strip():
            continue
        try:
            values[name] = read(text)
        except ValueError as error:
            if name in _KEPT_BACK:
                values[name] = _KEPT_BACK[name]
            taken = f"is taken as {values[name]!r}" if name in _KEPT_BACK else "is ignored"
            _log.warning("MIOPS_%s=%r %s: %s", name.upper(), text, taken, error)
    if _boolean(environ.get("OTEL_SDK_DISABLED", "")):
        values["disabled"] = True
    if "model_file" in values and "model_version" not in values:
        values["model_version"] = _version_of(values["model_file"])
    values["endpoint"] = resolve_endpoint(environ)
    unknown = overrides.keys() - {field.name for field in fields(Config)}
    if unknown:
        raise TypeError(f"unknown settings: {', '.join(sorted(unknown))}")
    return Config(**{**values, **overrides})
