"""A LitServe server whose model waits for something else first. Nothing in it knows that it is observed."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import litserve
from litserve_app import Scorer


class AsyncScorer(Scorer):
    async def predict(self, rows: Any) -> Any:  # type: ignore[override]
        await asyncio.sleep(0.01)
        return super().predict(rows)


if __name__ == "__main__":
    litserve.LitServer(AsyncScorer(enable_async=True), accelerator="cpu", workers_per_device=2).run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning"
    )
