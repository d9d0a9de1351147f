"""What kind of model this is: its task, its classes, and which of them is the positive one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from miops.semconv import BINARY, MULTICLASS, REGRESSION, TASKS
from miops_collector.classes import class_index, class_names, class_text, number_text
from miops_collector.columns import Column, Numbers, Rows, Texts

__all__ = ["Kind", "kind_of", "positive_index", "said_kind"]

FEW = 20
"""Whole numbers with at most this many distinct values are classes, unless a task says otherwise."""
MOST_CLASSES = 200
"""Rarer classes than these most frequent ones are not told apart: confusion grows with their square."""
CLASSIFICATION: Final = (BINARY, MULTICLASS)
Evidence: TypeAlias = Literal["class list", "texts", "scores", "few whole numbers", "numbers"]
GUESSES: Final[dict[Evidence, bool]] = {
    "class list": True,
    "texts": True,
    "scores": True,
    "few whole numbers": True,
    "numbers": False,
}
"""Whether a model of unknown task is a classifier, by the first evidence there is. Booleans are texts."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``classes`` are sorted as scikit-learn sorts them, empty unless a classifier; ``positive`` is an index or -1."""

    task: str
    classes: tuple[str, ...] = ()
    positive: int = -1


def kind_of(rows: Rows, *, task: str, classes: Sequence[str], positive_class: str) -> Kind:
    """Task and classes of a reference.

    The task is what was said if it is a known one, else guessed by :data:`GUESSES`. The classes are those that were
    said if any decision is one of them, else those of the decisions and the truth.
    """
    if task in TASKS:
        classifier = task in CLASSIFICATION
    else:
        task, classifier = "", GUESSES[_evidence(rows, classes)]
    if not classifier:
        return Kind(task or REGRESSION)
    return said_kind(task, _classes(rows, classes), positive_class)


def said_kind(task: str, classes: Sequence[str], positive_class: str) -> Kind:
    """The same from what is said of a model, without rows: no classes, or a task that has none, no classifier."""
    names = class_names(classes)
    if not names or (task in TASKS and task not in CLASSIFICATION):
        return Kind(task)
    if len(names) == 1 and task != MULTICLASS:
        names = _with_opposite(names[0])
    return Kind(BINARY if len(names) <= 2 else MULTICLASS, names, positive_index(names, positive_class))


def positive_index(classes: Sequence[str], positive_class: str) -> int:
    """Index of the positive class of two: the one that was said, else the second, as in scikit-learn; else -1."""
    if len(classes) != 2:
        return -1
    return class_index(classes).get(class_text(positive_class), 1)


def _evidence(rows: Rows, classes: Sequence[str]) -> Evidence:
    if classes:
        return "class list"
    if isinstance(rows.value, Texts):
        return "texts"
    if np.isfinite(rows.score).any() or rows.class_scores is not None:
        return "scores"
    values = np.unique(rows.value.values[~np.isnan(rows.value.values)])
    few = 0 < len(values) <= FEW and bool((values == np.floor(values)).all())
    return "few whole numbers" if few else "numbers"


def _classes(rows: Rows, said: Sequence[str]) -> tuple[str, ...]:
    predicted = _counts(rows.value)
    known = class_index(class_names(said))
    if any(word in known for word in predicted):
        return tuple(said)
    counts = predicted
    for word, count in (_counts(rows.truth) if rows.truth is not None else {}).items():
        counts[word] = counts.get(word, 0) + count
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:MOST_CLASSES])


def _counts(column: Column) -> dict[str, int]:
    """Rows by class text."""
    if isinstance(column, Numbers):
        values, found = np.unique(column.values[np.isfinite(column.values)], return_counts=True)
        words = [number_text(value) for value in values.tolist()]
    else:
        found = np.bincount(column.codes[column.codes >= 0], minlength=len(column.words))
        words = [class_text(word) for word in column.words]
    counts: dict[str, int] = {}
    for word, count in zip(words, found.tolist(), strict=True):
        if count:
            counts[word] = counts.get(word, 0) + count
    return counts


def _with_opposite(name: str) -> tuple[str, ...]:
    """Both classes of a binary model of which only one has been seen, if the other one is obvious."""
    pairs = (("0", "1"), ("false", "true"), ("no", "yes"))
    return next((pair for pair in pairs if name in pair), (name,))
