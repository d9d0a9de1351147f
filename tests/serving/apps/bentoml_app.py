"""A BentoML service. Nothing in it knows that it is observed."""

from __future__ import annotations

import os

import bentoml
import joblib


@bentoml.service(workers=2)
class Scorer:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL_FILE"])

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[float]:
        return [float(p) for p in self.model.predict_proba(rows)[:, 1]]
