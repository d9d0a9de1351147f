"""What is particular to ONNX Runtime: models come as files, inputs by name, answers on other threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import miops
from miops.instrumentors.onnxruntime import ONNXRuntimeInstrumentor
from miops.onnx_labels import class_labels
from miops.testing import Harness

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
onnx = pytest.importorskip("onnx", reason="onnx is not installed")
skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")

X = np.random.default_rng(3).normal(size=(90, 3)).astype(np.float32)
Y3 = np.array(["low", "mid", "high"])[np.digitize(X[:, 0], [-0.5, 0.5])]


@pytest.fixture
def recorded(harness: Harness) -> Iterator[Harness]:
    instrumentor = ONNXRuntimeInstrumentor()
    instrumentor.instrument()
    try:
        yield harness
    finally:
        instrumentor.uninstrument()


def _model(kind: Any = LogisticRegression, labels: Any = Y3, **options: Any) -> Any:
    model = kind().fit(X, labels)
    return skl2onnx.to_onnx(model, X[:1], options={id(model): options} if options else None)


def _session(model: Any) -> Any:
    return onnxruntime.InferenceSession(model.SerializeToString())


def _graph(nodes: Any, inputs: Any, outputs: Any) -> Any:
    made = onnx.helper.make_graph(
        nodes,
        "graph",
        [onnx.helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in outputs],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    return _session(onnx.helper.make_model(made, opset_imports=opset, ir_version=9))


def test_name_and_version_come_from_the_file(recorded: Harness, tmp_path: Path) -> None:
    model = _model()
    model.model_version = 12
    path = tmp_path / "credit.onnx"
    path.write_bytes(model.SerializeToString())

    onnxruntime.InferenceSession(str(path)).run(None, {"X": X[:1]})

    told = recorded.events()[0].attributes
    assert (told["miops.model.name"], told["miops.model.version"]) == ("credit", "12")
    assert told["miops.model.classes"] == ["high", "low", "mid"]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_margins_are_not_taken_for_probabilities(recorded: Harness) -> None:
    labels, margins = _session(_model(SVC, zipmap=False)).run(None, {"X": X[:20]})

    rows = recorded.rows()
    assert [row["value"] for row in rows] == labels.tolist()
    assert [[row[f"scores.{i}"] for i in range(3)] for row in rows] == margins.tolist()


def test_outputs_that_are_asked_for_alone(recorded: Harness) -> None:
    session = _session(_model(zipmap=False))

    (labels,) = session.run(["label"], {"X": X[:3]})
    (scores,) = session.run(["probabilities"], {"X": X[3:6]})

    rows = recorded.rows()
    assert [row["value"] for row in rows[:3]] == labels.tolist()
    assert [row["score"] for row in rows[3:]] == scores.max(axis=1).tolist()


def test_several_inputs_are_columns_by_their_names(recorded: Harness) -> None:
    add = onnx.helper.make_node("Add", ["age", "income"], ["sum"])
    kind = onnx.TensorProto.FLOAT
    inputs = [("age", kind, [None, 1]), ("income", kind, [None, 1])]
    session = _graph([add], inputs, [("sum", [None, 1])])

    session.run(None, {"age": X[:2, :1], "income": X[:2, 1:2]})

    rows = recorded.rows()
    assert [[row["feature.age"], row["feature.income"]] for row in rows] == X[:2, :2].tolist()
    assert [row["value"] for row in rows] == (X[:2, 0] + X[:2, 1]).tolist()


def test_a_network_without_labels_is_understood_once_its_classes_are_registered(recorded: Harness) -> None:
    softmax = onnx.helper.make_node("Softmax", ["x"], ["y"])
    session = _graph([softmax], [("x", onnx.TensorProto.FLOAT, [None, 3])], [("y", [None, 3])])
    miops.register(session, name="net", classes=["a", "b", "c"], task="multiclass_classification")

    (scores,) = session.run(None, {"x": X[:4]})

    assert [row["value"] for row in recorded.rows()] == np.array(["a", "b", "c"])[scores.argmax(axis=1)].tolist()


def test_embeddings_are_no_predictions_and_are_counted_as_such(recorded: Harness) -> None:
    same = onnx.helper.make_node("Identity", ["x"], ["y"])
    session = _graph([same], [("x", onnx.TensorProto.FLOAT, [None, 65])], [("y", [None, 65])])

    session.run(None, {"x": np.zeros((2, 65), dtype=np.float32)})

    assert recorded.rows() == []
    assert recorded.faults == {"result_not_recorded": 1}


def test_the_span_of_an_asynchronous_run_ends_when_it_answers() -> None:
    spans, tracers, done = InMemorySpanExporter(), TracerProvider(), threading.Event()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with miops.testing.record(tracer_provider=tracers) as harness:
        ONNXRuntimeInstrumentor().instrument()
        try:
            session = _session(_model())
            with tracers.get_tracer("app").start_as_current_span("request") as request:
                session.run_async(None, {"X": X[:1]}, lambda *_: done.set(), None)
                assert trace.get_current_span() is request
            assert done.wait(30)
            (row,) = harness.rows()
        finally:
            ONNXRuntimeInstrumentor().uninstrument()
    tracers.shutdown()

    ours = next(span for span in spans.get_finished_spans() if span.name.startswith("predict "))
    assert ours.parent is not None
    assert ours.parent.span_id == request.get_span_context().span_id
    assert row["span_id"] == ours.context.span_id.to_bytes(8, "big")
    assert ours.attributes is not None
    assert ours.attributes["miops.prediction.value"] == row["value"]


def test_labels_are_found_in_the_bytes_of_a_model_and_bytes_of_others_are_refused() -> None:
    numbered = np.digitize(X[:, 0], [0.0]) * 5 - 2

    assert class_labels(_model().SerializeToString()) == ("high", "low", "mid")
    assert class_labels(_model(labels=numbered, zipmap=False).SerializeToString()) == (-2, 3)
    with pytest.raises((ValueError, IndexError)):
        class_labels(b"\xff\xff\xff")
