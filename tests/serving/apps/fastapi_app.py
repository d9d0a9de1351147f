"""FastAPI, both ways of writing an endpoint. Nothing in it knows that it is observed."""

from __future__ import annotations

import os

import joblib
from fastapi import FastAPI

model = joblib.load(os.environ["MODEL_FILE"])
app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/predict")
async def predict(rows: list[list[float]]) -> list[float]:
    return [float(p) for p in model.predict_proba(rows)[:, 1]]


@app.post("/predict-in-thread")
def predict_in_thread(rows: list[list[float]]) -> list[float]:
    return [float(p) for p in model.predict_proba(rows)[:, 1]]
