"""A Ray Serve deployment: the model lives in replicas, which Ray starts. Nothing in it knows that it is observed."""

from __future__ import annotations

import os
import sys
from typing import Any

import joblib
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=2, ray_actor_options={"num_cpus": 0})
class Scorer:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL_FILE"])

    async def __call__(self, request: Request) -> Any:
        if request.url.path.endswith("/health"):
            return {"status": "ok"}
        return [float(p) for p in self.model.predict_proba(await request.json())[:, 1]]


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Scorer.bind(), blocking=True)
