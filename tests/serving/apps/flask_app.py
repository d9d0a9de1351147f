"""Flask. Nothing in it knows that it is observed."""

from __future__ import annotations

import os
from typing import Any

import joblib
from flask import Flask, jsonify, request

model = joblib.load(os.environ["MODEL_FILE"])
app = Flask(__name__)


@app.get("/health")
def health() -> Any:
    return jsonify(status="ok")


@app.post("/predict")
def predict() -> Any:
    return jsonify([float(p) for p in model.predict_proba(request.get_json())[:, 1]])
