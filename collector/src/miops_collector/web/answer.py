"""Answers as strict JSON: ASCII, so that no text can break them, and never a NaN."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

__all__ = ["error_answer", "json_answer"]


def json_answer(content: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The content as a response.

    Raises
    ------
    ValueError
        If a nan slipped through: better an error here than a page that no parser reads.
    """
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return Response(text, status_code=status, media_type="application/json", headers=headers)


def error_answer(message: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """What every refusal looks like."""
    return json_answer({"error": {"message": message}}, status=status, headers=headers)
