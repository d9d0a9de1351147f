"""Names and versions of MLflow's models; what else is promised, the conformance suite checks."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import miops
from miops.testing import Harness

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed: make test-frameworks")
pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, about itself

X = np.arange(8.0).reshape(4, 2)
MODEL = LogisticRegression().fit(X, [0, 1, 0, 1])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A registry in a file with two versions of one model, and the run of the second."""
    import mlflow.sklearn

    place: Path = tmp_path_factory.mktemp("mlflow")
    mlflow.set_tracking_uri(f"sqlite:///{place}/store.db")
    client = mlflow.MlflowClient()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.create_experiment("e", artifact_location=(place / "artifacts").as_uri())
        mlflow.set_experiment("e")
        for _ in range(2):
            with mlflow.start_run() as run:
                mlflow.sklearn.log_model(
                    MODEL,
                    name="classifier",
                    registered_model_name="credit",
                    pip_requirements=[],
                    serialization_format="cloudpickle",
                )
    client.set_registered_model_alias("credit", "champion", "1")
    yield client, run.info.run_id
    mlflow.set_tracking_uri(None)


@pytest.fixture
def recording(store: tuple[Any, str], harness: Harness) -> Iterator[Harness]:
    miops.instrument()
    yield harness
    miops.uninstrument()


def _identity(harness: Harness, uri: str) -> tuple[str, str]:
    mlflow.pyfunc.load_model(uri, suppress_warnings=True).predict(X)
    (event,) = harness.events()
    assert harness.faults == {}
    return event.attributes["miops.model.name"], event.attributes["miops.model.version"]


@pytest.mark.parametrize(("uri", "version"), [("models:/credit/2", "2"), ("models:/credit@champion", "1")])
def test_name_and_version_of_the_registry(recording: Harness, uri: str, version: str) -> None:
    assert _identity(recording, uri) == ("credit", version)


def test_latest_is_the_version_that_it_is(recording: Harness) -> None:
    assert _identity(recording, "models:/credit/latest") == ("credit", "2")


def test_name_of_the_artifact_and_id_of_its_run(recording: Harness, store: tuple[Any, str]) -> None:
    assert _identity(recording, f"runs:/{store[1]}/classifier") == ("classifier", store[1])


def test_what_was_registered_with_miops_wins(recording: Harness) -> None:
    model = mlflow.pyfunc.load_model("models:/credit/2", suppress_warnings=True)
    miops.register(model, name="scoring")
    model.predict(X)

    (event,) = recording.events()
    assert event.attributes["miops.model.name"] == "scoring"
    assert event.attributes["miops.model.version"] == "2"
