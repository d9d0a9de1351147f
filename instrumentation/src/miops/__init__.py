"""OpenTelemetry-native observability for machine-learning models: the part that runs in your model server.

Under ``opentelemetry-instrument`` nothing of this need be called: predictions of known frameworks are recorded.
By hand: :func:`instrument`; :func:`register` says what a model is called; everything a framework does not do is
recorded by :func:`observe`, :func:`prediction` and :func:`record_prediction`; truth and reference data come by
:func:`record_ground_truth` and :func:`record_reference`.
"""

from __future__ import annotations

from miops import testing
from miops.explain import explain
from miops.ids import PredictionIds
from miops.instrumentation import flush, instrument, uninstrument
from miops.models import Model
from miops.observe import observe
from miops.prediction import Prediction, prediction, record_prediction
from miops.reference import record_reference
from miops.register import register
from miops.truth import record_ground_truth
from miops.version import __version__

__all__ = [
    "Model",
    "Prediction",
    "PredictionIds",
    "__version__",
    "explain",
    "flush",
    "instrument",
    "observe",
    "prediction",
    "record_ground_truth",
    "record_prediction",
    "record_reference",
    "register",
    "testing",
    "uninstrument",
]
