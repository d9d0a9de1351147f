"""What became of the predictions that were sent, as the collector counts it."""

from __future__ import annotations

from typing import Any

from miops.semconv import COLLECTOR_PREFIX, ROW_KIND
from miops_collector.client import Client

__all__ = ["accounted"]

KIND = "predictions"


def accounted(client: Client) -> dict[str, int]:
    """Predictions ``stored``, ``refused`` and ``deduplicated``; truth and reference rows are not among them.

    A refused row is refused before it is known what it was; in the demo nothing but predictions can be.
    """
    answer = client.get("/api/v1/collector")
    of_kind = {m["name"].removeprefix(f"{COLLECTOR_PREFIX}rows."): _of_kind(m) for m in answer["metrics"]}
    return {
        "stored": of_kind["stored"],
        "refused": int(answer["rows"]["refused"]),
        "deduplicated": of_kind["deduplicated"],
    }


def _of_kind(metric: dict[str, Any]) -> int:
    return int(sum(p["value"] for p in metric["points"] if p["attributes"].get(ROW_KIND) == KIND))
