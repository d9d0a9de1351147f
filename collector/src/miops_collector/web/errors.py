"""``GET /api/v1/errors``: by which errors a model failed, how often, and on which rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from miops_collector.stores._store import Store
from miops_collector.web.detections import LAST, model_asked
from miops_collector.web.encode import iso
from miops_collector.web.query import nanos, only

__all__ = ["PARAMETERS", "errors_json"]

PARAMETERS: Final = ("model", "version", "from", "to")
EXAMPLES: Final = 5


def errors_json(store: Store, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Stored rows of one model version that it failed on, by the class of the error.

    Raises
    ------
    InputError
        For an unknown parameter or model, or a time that cannot be read.
    """
    only(parameters, PARAMETERS)
    info = model_asked(store, parameters)
    start, end = (nanos(parameters[n], n) if parameters.get(n) else other for n, other in (("from", 0), ("to", LAST)))
    found = store.failures(info.key, start=start, end=end, examples=EXAMPLES)
    return {
        "model": info.key.name,
        "version": info.key.version,
        "errors": [
            {
                "error_type": one.error_type,
                "rows": one.rows,
                "first": iso(one.first),
                "last": iso(one.last),
                "examples": list(one.examples),
            }
            for one in found
        ],
    }
