"""A BentoML service that predicts for several requests at once. Nothing in it knows that it is observed."""

from __future__ import annotations

import os
import time

import bentoml
import joblib


@bentoml.service(workers=2)
class Scorer:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL_FILE"])

    @bentoml.api(batchable=True, max_batch_size=7, max_latency_ms=60_000)
    def predict(self, rows: list[list[float]]) -> list[float]:
        time.sleep(0.05)  # so that others wait for the next batch
        return [float(p) for p in self.model.predict_proba(rows)[:, 1]]
