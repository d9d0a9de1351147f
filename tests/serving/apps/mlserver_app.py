"""A model of MLServer (KServe's v2 protocol). Nothing in it knows that it is observed."""

from __future__ import annotations

import os

import joblib
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Scorer(MLModel):
    async def load(self) -> bool:
        self.model = joblib.load(os.environ["MODEL_FILE"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        scores = self.model.predict_proba(NumpyCodec.decode_input(payload.inputs[0]))[:, 1]
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("score", scores)])
