"""Hugging Face transformers: the pipelines that classify: texts, images, audio, video, with given classes or zero-shot.

The name of a model is the one it was loaded by and its version the commit on the hub. Classes are the labels of the
model's configuration; where only the best are asked for (``top_k``) the scores of the others are not known, but of two
classes. Zero-shot, classes are the labels that the question names, in its order; where each label is right or wrong
for itself (``multi_label=True``, a single label, SigLIP) there are no classes: the best label is told with its score.

Texts are features; images and sound are not recorded. What is streamed through a pipeline is recorded as the program
takes it. Entities of ``token-classification`` are not: a text has any number of them, so a row of an entity would have
no input of its own, and a text without any no row.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import GeneratorType, MappingProxyType, MethodType
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

from miops import runtime, semconv
from miops._instrumentor import ModelInstrumentor
from miops.calls import guarded_call
from miops.label_results import Labelled, labelled, parts_of_candidates, parts_of_labels
from miops.models import Model
from miops.readings import Part, Reading, read_call
from miops.sources import Source
from miops.streamed import Stream, note_input, streams
from miops.zero_shot import Question, question

__all__ = ["TransformersInstrumentor"]

_PIPELINES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text_classification": "TextClassificationPipeline",
        "image_classification": "ImageClassificationPipeline",
        "audio_classification": "AudioClassificationPipeline",
        "video_classification": "VideoClassificationPipeline",
        "zero_shot_classification": "ZeroShotClassificationPipeline",
        "zero_shot_image_classification": "ZeroShotImageClassificationPipeline",
        "zero_shot_audio_classification": "ZeroShotAudioClassificationPipeline",
    }
)
_KINDS: Final = frozenset(_PIPELINES.values())
_OF_TEXTS: Final = ("TextClassificationPipeline", "ZeroShotClassificationPipeline")
_INPUTS: Final = ("inputs", "sequences", "image", "images", "audios", "videos")
_MANY_LABELS: Final = "multi_label_classification"
_Take: TypeAlias = Callable[[Sequence[Labelled], Source], tuple[Part, ...]]


class _Asked(NamedTuple):
    """What rows are of, a pipeline or a question to it, and what its labels and scores are."""

    model: Any
    take: _Take


class TransformersInstrumentor(ModelInstrumentor):
    """Instruments transformers; see :mod:`miops.instrumentors.transformers`."""

    framework: ClassVar[str] = "transformers"
    package: ClassVar[str] = "transformers"
    minimum: ClassVar[tuple[int, int]] = (4, 40)
    hooks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            **{f"transformers.pipelines.{module}": "patch_pipeline" for module in _PIPELINES},
            "transformers.pipelines.pt_utils": "patch_iterator",
        }
    )

    def patch_pipeline(self, module: Any) -> None:
        """Patch the call of a pipeline, and where texts are read."""
        name = _PIPELINES[module.__name__.rpartition(".")[2]]
        owner = getattr(module, name)
        for method, wrap in (("__call__", _asking), *([("preprocess", _reading)] if name in _OF_TEXTS else ())):
            original = vars(owner)[method]
            if not self.patches.made(original):
                self.patches.replace(owner, method, wrap(original, self.framework))

    def patch_iterator(self, module: Any) -> None:
        """Patch what gives the answers of streamed inputs, one after the other."""
        owner = module.PipelineIterator
        for method, wrap in (("__iter__", _restarting), ("__next__", _advancing)):
            original = vars(owner)[method]
            if not self.patches.made(original):
                self.patches.replace(owner, method, wrap(original, self.framework))

    def describe(self, model: Any) -> Model:
        """Name, version, task and classes as the model's configuration, or the question, tells them."""
        if isinstance(model, Question):
            return model.model
        config, names = model.model.config, _names(model)
        single = len(names) > 1 and config.problem_type in (None, "single_label_classification")
        return _described(model, _task(len(names), config.problem_type), names if single else None)


def _described(pipeline: Any, task: str | None, classes: Sequence[str] | None) -> Model:
    config = pipeline.model.config
    return Model(
        name=getattr(config, "_name_or_path", "") or type(pipeline.model).__name__,
        version=getattr(config, "_commit_hash", None),
        framework=TransformersInstrumentor.framework,
        task=task,
        classes=tuple(classes) if classes else None,
        features=("text",) if _kind(pipeline) in _OF_TEXTS else None,
    )


def _of_question(pipeline: Any, labels: tuple[str, ...]) -> Model:
    return _described(pipeline, _task(len(labels), None) if labels else None, labels)


def _names(pipeline: Any) -> list[str]:
    names = pipeline.model.config.id2label
    return [str(names[place]) for place in range(len(names))]


def _kind(pipeline: Any) -> str:
    """The class of a pipeline, or that which it was derived from."""
    return next((cls.__name__ for cls in type(pipeline).__mro__ if cls.__name__ in _KINDS), "")


def _task(labels: int, problem: str | None) -> str | None:
    if problem == _MANY_LABELS:
        return None
    if labels == 1:
        return semconv.REGRESSION
    return semconv.BINARY if labels == 2 else semconv.MULTICLASS


def _asking(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or framework not in runtime.active:
            return original(self, *args, **kwargs)
        asked = _asked(self, args, kwargs)
        if asked is None:
            return guarded_call(MethodType(original, self), args, kwargs)
        if not _streamed(_given(args, kwargs)):
            return read_call(
                partial(_read, self, asked.take), framework, MethodType(original, self), asked.model, args, kwargs
            )
        answers = original(self, *args, **kwargs)
        streams.set(answers, Stream(framework, asked.model, partial(_taken, asked.take), partial(_seen, self)))
        return answers

    return called


def _reading(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def preprocess(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if framework in runtime.active:
            note_input(inputs)
        return original(self, inputs, *args, **kwargs)

    return preprocess


def _restarting(original: Callable[..., Any], _: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def begun(self: Any) -> Any:
        stream = streams.get(self)
        if stream is not None:
            stream.restart()
        return original(self)

    return begun


def _advancing(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def advanced(self: Any) -> Any:
        stream = streams.get(self) if framework in runtime.active else None
        return original(self) if stream is None else stream.next(MethodType(original, self))

    return advanced


def _given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    return args[0] if args else next((kwargs[name] for name in _INPUTS if name in kwargs), None)


def _streamed(given: Any) -> bool:
    """Whether answers will come one after the other: then inputs are read after the call has returned."""
    torch = sys.modules.get("torch")
    return isinstance(given, GeneratorType) or (torch is not None and isinstance(given, torch.utils.data.Dataset))


def _read(pipeline: Any, take: _Take, _: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
    given = _given(args, kwargs)
    return Reading(_seen(pipeline, given), partial(_all_taken if isinstance(given, list) else _taken, take))


def _seen(pipeline: Any, given: Any) -> Any:
    """Texts by name: ``text``, and ``text_pair`` where there are pairs; nothing of anything else."""
    if _kind(pipeline) not in _OF_TEXTS:
        return None
    if isinstance(given, list):
        return given if given and isinstance(given[0], Mapping) else {"text": given}
    return given if isinstance(given, Mapping) else {"text": given}


def _taken(take: _Take, result: Any, source: Source) -> tuple[Part, ...]:
    return take([labelled(result)], source)


def _all_taken(take: _Take, result: Any, source: Source) -> tuple[Part, ...]:
    return take([labelled(row) for row in result], source)


def _asked(pipeline: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Asked | None:
    """Never raises."""
    try:
        if "ZeroShot" in _kind(pipeline):
            of_texts, describe = _kind(pipeline) in _OF_TEXTS, partial(_of_question, pipeline)
            told = question(pipeline, args, kwargs, describe=describe, splits=of_texts)
            return _Asked(told, partial(parts_of_candidates, names=told.labels))
        said = kwargs.get("function_to_apply")
        said = pipeline._postprocess_params.get("function_to_apply") if said is None else said  # noqa: SLF001
        softmax = said is None or str(getattr(said, "value", said)).lower() == "softmax"
        return _Asked(pipeline, partial(parts_of_labels, names=_names(pipeline), softmax=softmax))
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("call_not_read", error)
        return None
