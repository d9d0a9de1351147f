"""OTLP/JSON as the specification has it: protobuf's mapping, but hexadecimal ids and enums as numbers."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

__all__ = ["as_json", "as_tree"]

_IDS: Final = {"traceId", "spanId", "parentSpanId"}


def as_json(message: Message) -> bytes:
    """The request as a body."""
    return json.dumps(as_tree(message)).encode()


def as_tree(message: Message) -> Any:
    """The request as what ``json`` reads and writes."""
    return _with_hex_ids(MessageToDict(message, use_integers_for_enums=True))


def _with_hex_ids(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_with_hex_ids(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    return {k: base64.b64decode(v).hex() if k in _IDS else _with_hex_ids(v) for k, v in tree.items()}
