"""An ordinary model server: FastAPI, pandas, scikit-learn. Nothing in it knows that it is observed."""

from __future__ import annotations

import os
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI

model = joblib.load(os.environ["MODEL_FILE"])
app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/predict")
def predict(rows: list[dict[str, Any]]) -> list[float]:
    frame = pd.DataFrame(rows, columns=list(model.feature_names_in_))
    return [float(p) for p in model.predict_proba(frame)[:, 1]]
