"""The package as a whole: what it exports and what it does not import."""

from __future__ import annotations

import os
import subprocess
import sys

import miops


def test_exported_names() -> None:
    assert miops.__all__ == [
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
    assert all(hasattr(miops, name) for name in miops.__all__)


def test_importing_and_instrumenting_imports_no_framework_and_no_transport() -> None:
    program = """
import sys, miops
miops.instrument()
heavy = ("pandas", "polars", "pyarrow", "sklearn", "scipy", "joblib", "torch", "grpc", "requests", "nanoarrow")
print(sorted(name for name in heavy if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_disabled_patches_and_records_nothing() -> None:
    program = """
import miops
miops.instrument()
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression
assert "__init_subclass__" not in vars(BaseEstimator)
LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]).predict([[1.0]])
assert len(miops.record_prediction("m", value=1.0)) == 0
assert miops.record_ground_truth("a", 1.0) == 0
assert miops.flush()
from miops import runtime
assert runtime.recorder is None
"""
    for name in ("MIOPS_DISABLED", "OTEL_SDK_DISABLED"):
        environ = {**os.environ, name: "true"}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, env=environ
        )
        assert (done.returncode, done.stderr) == (0, "")
