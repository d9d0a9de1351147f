"""Which labels a zero-shot pipeline is asked about, and whether one of them is right or each for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from miops.models import Model, Registration, note, registered
from miops.weak import WeakIdMap

__all__ = ["Question", "question"]

_LABELS: Final = "candidate_labels"
_MANY: Final = "multi_label"
_MOST_QUESTIONS: Final = 100
"""Of a pipeline that is asked about ever other labels, these are no classes any more."""


class Question:
    """A pipeline as it is asked about one set of labels; without any it has no classes."""

    __slots__ = ("__weakref__", "labels", "model", "said")

    def __init__(self, model: Model, labels: tuple[str, ...], said: Registration | None) -> None:
        self.model, self.labels, self.said = model, labels, said


_known: Final[WeakIdMap[dict[tuple[str, ...], Question]]] = WeakIdMap()


def question(
    pipeline: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    describe: Callable[[tuple[str, ...]], Model],
    splits: bool,
) -> Question:
    """The same object for the same labels, while the pipeline lives and nothing else is said of it.

    Parameters
    ----------
    splits
        Whether the pipeline takes a text of labels with commas between them.
    """
    labels = _classes(pipeline, args, kwargs, splits=splits)
    known, said = _known.get(pipeline), registered(pipeline)
    if known is None:
        known = {}
        _known.set(pipeline, known)
    if labels not in known and len(known) >= _MOST_QUESTIONS:
        labels = ()
    found = known.get(labels)
    if found is None or found.said is not said:
        found = known[labels] = Question(describe(labels), labels, said)
        if said is not None:
            note(found, said)
    return found


def _classes(pipeline: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, splits: bool) -> tuple[str, ...]:
    """The labels that are asked about if one of them is right; else none."""
    given = kwargs.get(_LABELS, args[1] if len(args) > 1 else pipeline._preprocess_params.get(_LABELS))  # noqa: SLF001
    if isinstance(given, str) and splits:
        given = [label for one in given.split(",") if (label := one.strip())]
    labels = tuple(map(str, given)) if isinstance(given, list | tuple) else ()
    many = kwargs.get(_MANY, pipeline._postprocess_params.get(_MANY))  # noqa: SLF001
    alone = many or len(labels) < 2 or "siglip" in str(getattr(pipeline.model.config, "model_type", ""))
    return () if alone or len(set(labels)) < len(labels) else labels
