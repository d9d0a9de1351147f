"""Pipelines beside ``text-classification``, and streamed inputs; what holds for all is in the conformance suite."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import miops
from miops.testing import Harness

pytest.importorskip("transformers", reason="transformers is not installed: make test-frameworks")
from miops.streamed import streams
from tests.instrumentation.instrumentors.tiny_pipelines import (
    CANDIDATES,
    NAMES,
    another,
    film,
    image,
    pipeline,
    sound,
)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
OWN = ["text-classification", "image-classification", "audio-classification", "video-classification"]
ZERO_SHOT = ["zero-shot-classification", "zero-shot-image-classification", "zero-shot-audio-classification"]
TEXTS = ["up up down", "flat", "down up flat flat"]
ASKED = {"candidate_labels": CANDIDATES, "hypothesis_template": "{}"}


@pytest.fixture
def everything(harness: Harness) -> Iterator[Harness]:
    miops.instrument()
    yield harness
    miops.uninstrument()


def given(task: str, folder: Path) -> list[Any]:
    """Three inputs."""
    if "image" in task:
        return [image(seed) for seed in range(3)]
    if "audio" in task:
        return [sound(seed) for seed in range(3)]
    return TEXTS if "video" not in task else [film(str(folder / f"{i}.mp4")) for i in range(3)]


def scores(answer: Any) -> dict[str, float]:
    """By label, as a pipeline says them of one input."""
    if isinstance(answer, dict) and "labels" in answer:
        return dict(zip(answer["labels"], answer["scores"], strict=True))
    return {one["label"]: one["score"] for one in (answer if isinstance(answer, list) else [answer])}


def settings(task: str) -> dict[str, Any]:
    return {"top_k": None} if task == "text-classification" else ASKED if task in ZERO_SHOT else {}


def features(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name.startswith("feature.")} for row in rows]


@pytest.mark.parametrize("task", [*OWN, *ZERO_SHOT])
def test_one_input_or_a_list_or_a_stream_is_told_with_the_best_label_and_all_scores(
    everything: Harness, task: str, tmp_path: Path
) -> None:
    ask, inputs, said = pipeline(task), given(task, tmp_path), settings(task)

    answers = [ask(inputs[0], **said), *ask(inputs, **said), *ask((one for one in inputs), batch_size=2, **said)]

    names = CANDIDATES if task in ZERO_SHOT else list(NAMES)
    told = [scores(answer) for answer in answers]
    rows = sorted(everything.rows(), key=lambda row: (row["time_unix_nano"], row["row"]))
    assert [row["value"] for row in rows] == [max(one, key=lambda name: one[name]) for one in told]
    assert [row["score"] for row in rows] == pytest.approx([max(one.values()) for one in told])
    assert [[row[f"scores.{i}"] for i in range(3)] for row in rows] == [
        pytest.approx([one[name] for name in names]) for one in told
    ]
    of_texts = task in ("text-classification", "zero-shot-classification")
    assert features(rows) == [{"feature.text": text} if of_texts else {} for text in (inputs[0], *inputs, *inputs)]
    assert {tuple(event.attributes["miops.model.classes"]) for event in everything.events()} == {tuple(names)}
    assert {event.attributes["miops.model.task"] for event in everything.events()} == {"multiclass_classification"}
    assert everything.faults == {}


@pytest.mark.parametrize("task", OWN)
def test_of_the_best_label_alone_only_its_score_is_known(everything: Harness, task: str, tmp_path: Path) -> None:
    answers = pipeline(task)(given(task, tmp_path), top_k=1)

    told = [scores(answer) for answer in answers]
    rows = everything.rows()
    assert [(row["value"], row["score"]) for row in rows] == [next(iter(one.items())) for one in told]
    assert not any("scores.0" in row for row in rows)


@pytest.mark.parametrize("task", OWN)
def test_scores_are_recorded_as_the_function_that_was_asked_for_makes_them(
    everything: Harness, task: str, tmp_path: Path
) -> None:
    answers = pipeline(task)(given(task, tmp_path), function_to_apply="sigmoid", top_k=3)

    assert [[row[f"scores.{i}"] for i in range(3)] for row in everything.rows()] == [
        pytest.approx([scores(answer)[name] for name in NAMES]) for answer in answers
    ]
    assert everything.faults == {}


@pytest.mark.parametrize("said", [{"multi_label": True}, {"candidate_labels": "up"}])
def test_labels_that_are_right_each_for_itself_are_no_classes(everything: Harness, said: dict[str, Any]) -> None:
    answers = pipeline("zero-shot-classification")(TEXTS, **{**ASKED, **said})

    (event,) = everything.events()
    assert [(row["value"], row["score"]) for row in event.rows] == [
        (answer["labels"][0], pytest.approx(answer["scores"][0])) for answer in answers
    ]
    assert not {"miops.model.classes", "miops.model.task"} & set(event.attributes)
    assert not any(name.startswith("scores.") for row in event.rows for name in row)


def test_labels_may_be_one_text_or_said_beforehand(everything: Harness) -> None:
    ask = another("zero-shot-classification", candidate_labels=["up", "down"], hypothesis_template="{}")

    ask("flat", "up, flat , down")
    ask("flat")

    assert [tuple(event.attributes["miops.model.classes"]) for event in everything.events()] == [
        ("up", "flat", "down"),
        ("up", "down"),
    ]
    assert everything.faults == {}


def test_ever_other_labels_are_no_classes_in_the_end(everything: Harness) -> None:
    ask = another("zero-shot-classification")

    for i in range(102):
        ask("flat", candidate_labels=["up", f"word{i}"], hypothesis_template="{}")

    named = ["miops.model.classes" in event.attributes for event in everything.events()]
    assert named.count(True) == 100
    assert len(everything.rows()) == 102


def test_a_stream_is_recorded_as_the_program_takes_it(everything: Harness) -> None:
    read = []

    def texts() -> Iterator[str]:
        for text in TEXTS:
            read.append(text)
            yield text

    answers = pipeline("text-classification")(texts())
    assert len(read) <= 1  # newer versions of the pipeline look at the first
    stream = iter(answers)
    assert everything.rows() == []
    next(stream)

    assert read == TEXTS[:1]
    assert [row["feature.text"] for row in everything.rows()] == TEXTS[:1]


class Texts:
    """A data set as PyTorch knows them: of texts by their places."""

    def __len__(self) -> int:
        return len(TEXTS)

    def __getitem__(self, at: int) -> str:
        return TEXTS[at]


def data_set() -> Any:
    from torch.utils.data import Dataset

    return type("TextsOfTorch", (Texts, Dataset), {})()


def test_texts_that_another_process_reads_are_recorded_without_features(everything: Harness) -> None:
    answers = list(pipeline("text-classification")(data_set(), num_workers=1))

    rows = everything.rows()
    assert [row["value"] for row in rows] == [answer["label"] for answer in answers]
    assert features(rows) == [{}, {}, {}]
    assert everything.faults == {}


@pytest.mark.parametrize(("batch_size", "known"), [(1, True), (2, False)])
def test_after_a_stream_was_begun_anew_no_answer_has_the_text_of_another(
    everything: Harness, batch_size: int, known: bool
) -> None:
    answers = pipeline("text-classification")(data_set(), batch_size=batch_size)
    first = next(iter(answers))
    rest = list(answers)

    rows = sorted(everything.rows(), key=lambda row: row["time_unix_nano"])
    assert [row["value"] for row in rows] == [answer["label"] for answer in (first, *rest)]
    assert rows[0]["feature.text"] == TEXTS[0]
    assert [row.get("feature.text") for row in rows[1:]] == (TEXTS if known else [None] * len(rest))
    assert everything.faults == {}


def test_an_error_in_a_stream_is_that_of_the_pipeline_and_recorded_with_what_was_read(everything: Harness) -> None:
    def texts() -> Iterator[Any]:
        yield from ("up", "down", 7)

    stream = iter(pipeline("text-classification")(texts()))
    next(stream)
    next(stream)
    with pytest.raises(Exception, match="ext") as caught:
        next(stream)

    rows = everything.rows()
    assert type(caught.value) in (ValueError, TypeError)
    assert [row["value"] is None for row in rows if row.get("error.type") is None] == [False, False]
    assert [row["error.type"] for row in rows if row.get("error.type")] == [type(caught.value).__name__]
    assert everything.faults == {}


def test_streams_in_a_row_are_both_recorded(everything: Harness) -> None:
    first, second = pipeline("text-classification"), another("text-classification")
    labelled = (answer["label"] for answer in first(text for text in TEXTS))

    answers = list(second(labelled))

    assert len(answers) == 3
    assert sorted(row["feature.text"] for row in everything.rows()) == sorted([*TEXTS, *(_labels(first))])


def _labels(ask: Any) -> list[str]:
    miops.uninstrument()
    return [answer["label"] for answer in ask(TEXTS)]


def test_a_stream_that_is_left_is_forgotten(everything: Harness) -> None:
    answers = pipeline("text-classification")(text for text in TEXTS)
    next(iter(answers))
    watched = weakref.ref(answers)
    assert streams.get(answers) is not None

    del answers
    gc.collect()

    assert watched() is None
    assert streams.entries == {}


def test_a_fault_of_ours_does_not_reach_who_takes_a_stream(
    everything: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("ours")

    answers = another("text-classification")(text for text in TEXTS)
    monkeypatch.setattr("miops.streamed.capture", broken)
    monkeypatch.setattr("miops.instrumentors.transformers.labelled", broken)

    assert len(list(answers)) == 3
    assert everything.faults == {"input_not_captured": 3, "result_not_recorded": 3}


def test_each_answer_of_a_stream_has_a_span_under_the_one_that_takes_it() -> None:
    spans, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with miops.testing.record(tracer_provider=tracers) as harness:
        miops.instrument()
        try:
            stream = iter(pipeline("text-classification")(text for text in TEXTS))
            with tracers.get_tracer("app").start_as_current_span("request"):
                next(stream)
            rows = harness.rows()
        finally:
            miops.uninstrument()

    predicted, request = spans.get_finished_spans()
    assert predicted.parent is not None
    assert predicted.parent.span_id == request.context.span_id
    assert [row["span_id"] for row in rows] == [predicted.context.span_id.to_bytes(8, "big")]
