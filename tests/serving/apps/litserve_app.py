"""A LitServe server: the model lives in a worker process of its own. Nothing in it knows that it is observed."""

from __future__ import annotations

import os
import sys
from typing import Any

import joblib
import litserve


class Scorer(litserve.LitAPI):
    def setup(self, device: Any) -> None:
        self.model = joblib.load(os.environ["MODEL_FILE"])

    def decode_request(self, request):  # type: ignore[no-untyped-def]  # LitServe reads the annotation
        return request["rows"]

    def predict(self, rows: Any) -> Any:
        return self.model.predict_proba(rows)[:, 1]

    def encode_response(self, scores: Any) -> Any:
        return {"scores": [float(p) for p in scores]}


if __name__ == "__main__":
    litserve.LitServer(Scorer(), accelerator="cpu", workers_per_device=2).run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning"
    )
