"""Hugging Face transformers: the ``text-classification`` pipeline.

Classes are the labels of the model's configuration, its name is the one it was loaded by and its version the commit
on the hub. Of two classes the score of the other one is known; of more, only those that the pipeline was asked for
(``top_k``). Datasets and generators that are streamed through a pipeline are not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops._instrumentor import ModelInstrumentor
from miops.call import Output
from miops.models import Model
from miops.readings import Part, Reading, reading
from miops.sources import Source

__all__ = ["TransformersInstrumentor"]

_MANY_LABELS: Final = "multi_label_classification"
_ROUNDING: Final = 1e-3


class TransformersInstrumentor(ModelInstrumentor):
    """Instruments transformers; see :mod:`miops.instrumentors.transformers`."""

    framework: ClassVar[str] = "transformers"
    package: ClassVar[str] = "transformers"
    minimum: ClassVar[tuple[int, int]] = (4, 40)
    hooks: ClassVar[Mapping[str, str]] = {"transformers.pipelines.text_classification": "patch_pipeline"}

    def patch_pipeline(self, module: Any) -> None:
        """Patch the call of the pipeline."""
        owner = module.TextClassificationPipeline
        original = vars(owner)["__call__"]
        if not self.patches.made(original):
            self.patches.replace(owner, "__call__", reading(original, _read, self.framework))

    def describe(self, model: Any) -> Model:
        """Name, version, task and classes as the model's configuration tells them."""
        config = model.model.config
        names = config.id2label
        single = len(names) > 1 and config.problem_type in (None, "single_label_classification")
        return Model(
            name=getattr(config, "_name_or_path", "") or type(model.model).__name__,
            version=getattr(config, "_commit_hash", None),
            framework=self.framework,
            task=_task(len(names), config.problem_type),
            classes=tuple(str(names[place]) for place in range(len(names))) if single else None,
            features=("text",),
        )


def _task(labels: int, problem: str | None) -> str | None:
    if problem == _MANY_LABELS:
        return None
    if labels == 1:
        return semconv.REGRESSION
    return semconv.BINARY if labels == 2 else semconv.MULTICLASS


def _read(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading | None:
    given = args[0] if args else kwargs.get("inputs")
    if not isinstance(given, str | list | Mapping):
        return None  # streamed, and read after the call has returned
    asked = kwargs.get("function_to_apply")
    asked = model._postprocess_params.get("function_to_apply") if asked is None else asked  # noqa: SLF001
    names = [str(model.model.config.id2label[place]) for place in range(len(model.model.config.id2label))]
    return Reading(
        _texts(given),
        partial(_take, names=names, softmax=asked is None, many=isinstance(given, list)),
    )


def _texts(given: Any) -> Any:
    """Texts by name: ``text``, and ``text_pair`` where there are pairs."""
    if isinstance(given, list):
        return given if given and isinstance(given[0], Mapping) else {"text": given}
    return given if isinstance(given, Mapping) else {"text": given}


def _take(result: Any, source: Source, *, names: Sequence[str], softmax: bool, many: bool) -> tuple[Part, ...]:
    rows = [_labelled(row) for row in (result if many else [result])]
    if not rows:
        return ()
    if len(names) == 1:
        return (Part(Output.DECISION, np.array([score for row in rows for _, score in row])),)
    if all(len(row) == len(names) for row in rows):
        return (_all_scores(rows, names, source),)
    best = [row[0] for row in rows]
    decision = Part(Output.DECISION, np.array([label for label, _ in best]))
    scores = np.array([score for _, score in best])
    if len(names) > 2 or source.classes is None:
        return (decision, Part(Output.SCORE, scores))
    return (decision, Part(Output.PROBABILITIES, _of_two(decision.values, scores, names))) if softmax else (decision,)


def _labelled(row: Any) -> list[tuple[str, float]]:
    """Labels and scores of one text, best first."""
    told = [(str(one["label"]), float(one["score"])) for one in ([row] if isinstance(row, Mapping) else row)]
    return sorted(told, key=lambda one: -one[1])


def _all_scores(rows: Sequence[Sequence[tuple[str, float]]], names: Sequence[str], source: Source) -> Part:
    matrix = np.array([[dict(row)[name] for name in names] for row in rows])
    if source.classes is None:
        return Part(Output.DECISION, matrix)
    probable = matrix.min() >= 0 and np.abs(matrix.sum(axis=1) - 1).max() < _ROUNDING
    return Part(Output.PROBABILITIES if probable else Output.MARGINS, matrix)


def _of_two(labels: NDArray[Any], scores: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
    second = np.where(labels == names[1], scores, 1.0 - scores)
    return np.stack((1.0 - second, second), axis=1)
