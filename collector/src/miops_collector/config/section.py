"""What settings are made of: sections that know all their keys, lengths of time, addresses."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator

from miops_collector.window import format_length, parse_length

__all__ = ["Address", "Endpoint", "HeaderName", "Headers", "HostName", "Length", "Origin", "Section", "TraceUrl"]

LONGEST = parse_length("3650d")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
TRACE_ID = "{trace_id}"
HOST_NAME = re.compile(r"[A-Za-z0-9*._-]+")
ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.*-]*://[A-Za-z0-9*._:\[\]-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


class Section(BaseModel):
    """Keys it does not know are errors, and so are numbers that nothing can be compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _not_what_nobody_means(cls, value: Any, info: ValidationInfo) -> Any:
        """True is no 1, and nothing on this machine has a NUL in its name."""
        kind = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and kind in (int, float):
            msg = f"must be a number (given: {value!r})"
            raise ValueError(msg)
        if isinstance(value, str) and "\0" in value:
            msg = f"{value!r} has a NUL in it"
            raise ValueError(msg)
        return value


def _length(text: str) -> str:
    if parse_length(text) > LONGEST:
        msg = f"{text!r} is longer than {format_length(LONGEST)}"
        raise ValueError(msg)
    return text


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    number = int(port) if port.isascii() and port.isdigit() else -1
    if not host or re.search(r"\s", host) or not 0 <= number <= 65_535:
        msg = f"{text!r} is no address: write HOST:PORT, such as 'localhost:4317'"
        raise ValueError(msg)
    return text


def _endpoint(text: str) -> str:
    url = urlsplit(text if "//" in text else f"http://{text}")
    try:
        fine = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:  # a port that is none
        fine = False
    if not fine:
        msg = f"{text!r} is no endpoint: write http://HOST:PORT"
        raise ValueError(msg)
    return text if "//" in text else f"http://{text}"


def _headers(headers: dict[str, str]) -> dict[str, str]:
    """Values are not repeated in the message: they carry tokens."""
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            msg = f"{name!r} is no name of a header: letters, digits and hyphens, such as 'authorization'"
            raise ValueError(msg)
        if not HEADER_VALUE.fullmatch(value):
            msg = f"the value of {name!r} must be printable ASCII on one line"
            raise ValueError(msg)
    return headers


def _host_name(text: str) -> str:
    if not HOST_NAME.fullmatch(text):
        msg = f"{text!r} is no name of a host: write it without http:// and port, such as 'miops.example.com'"
        raise ValueError(msg)
    return text


def _origin(text: str) -> str:
    if not ORIGIN.fullmatch(text):
        msg = f"{text!r} is no origin: write it without a path, such as 'https://shop.example.com'"
        raise ValueError(msg)
    return text


def _header_name(name: str) -> str:
    _headers({name: ""})
    return name


def _trace_url(text: str) -> str:
    if text and not (text.startswith(("http://", "https://")) and TRACE_ID in text):
        msg = f"{text!r} is no address of a trace: write https://… with {TRACE_ID} where its id belongs"
        raise ValueError(msg)
    return text


Length = Annotated[str, AfterValidator(_length)]
HostName = Annotated[str, AfterValidator(_host_name)]

Origin = Annotated[str, AfterValidator(_origin)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Address = Annotated[str, AfterValidator(_address)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
TraceUrl = Annotated[str, AfterValidator(_trace_url)]
