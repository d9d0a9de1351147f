"""A LitServe server that predicts for up to eight requests at once. Nothing in it knows that it is observed."""

from __future__ import annotations

import sys
from typing import Any

import litserve
import numpy as np
from litserve_app import Scorer


class BatchScorer(Scorer):
    def batch(self, inputs: list[Any]) -> Any:
        self.sizes = [len(rows) for rows in inputs]
        return np.concatenate(inputs)

    def unbatch(self, output: Any) -> Any:
        return np.split(output, np.cumsum(self.sizes)[:-1])


if __name__ == "__main__":
    litserve.LitServer(BatchScorer(max_batch_size=8, batch_timeout=0.5), accelerator="cpu", workers_per_device=2).run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning"
    )
