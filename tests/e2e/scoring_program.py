"""A program that knows nothing of miops: it loads a model and scores calls, whose caller says their id and time.

Run as ``opentelemetry-instrument python scoring_program.py MODEL CALLS``.
"""

from __future__ import annotations

import sys

import joblib
import pandas as pd
from opentelemetry.baggage import set_baggage
from opentelemetry.context import attach, detach


def main(model_file: str, calls_file: str) -> None:
    model = joblib.load(model_file)
    calls = pd.read_parquet(calls_file)
    for (call, time), rows in calls.groupby(["call", "time"], sort=False):
        said = set_baggage("miops.prediction.time", str(time), set_baggage("miops.prediction.id", call))
        token = attach(said)
        features = rows[list(model.feature_names_in_)]
        model.predict_proba(features)
        model.predict(features)
        detach(token)


if __name__ == "__main__":
    main(*sys.argv[1:])
