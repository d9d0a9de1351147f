"""What settings are made of: sections that know all their keys, lengths of time, addresses."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict

from miops_collector.window import format_length, parse_length

__all__ = ["Address", "Endpoint", "Length", "Section"]

LONGEST = parse_length("3650d")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _length(text: str) -> str:
    if parse_length(text) > LONGEST:
        msg = f"{text!r} is longer than {format_length(LONGEST)}"
        raise ValueError(msg)
    return text


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65_535:
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


Length = Annotated[str, AfterValidator(_length)]
Address = Annotated[str, AfterValidator(_address)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
