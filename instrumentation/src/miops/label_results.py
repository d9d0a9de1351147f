"""Labels with scores, best first, as pipelines answer them → decision and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops.call import Output
from miops.readings import Part
from miops.sources import Source

__all__ = ["Labelled", "labelled", "parts_of_candidates", "parts_of_labels"]

Labelled: TypeAlias = list[tuple[str, float]]
"""Labels and scores of one input, best first."""
_ROUNDING: Final = 1e-3


def labelled(row: Any) -> Labelled:
    """What a pipeline says of one input: a label, a list of them, or labels and scores side by side."""
    if isinstance(row, Mapping) and "labels" in row:
        told = list(zip(map(str, row["labels"]), map(float, row["scores"]), strict=True))
    else:
        told = [(str(one["label"]), float(one["score"])) for one in ([row] if isinstance(row, Mapping) else row)]
    return sorted(told, key=lambda one: -one[1])


def parts_of_labels(
    rows: Sequence[Labelled], source: Source, *, names: Sequence[str], softmax: bool
) -> tuple[Part, ...]:
    """Labels of a network's own, of which there may be only the best.

    Parameters
    ----------
    names
        All labels, by their number.
    softmax
        Whether scores of all labels sum to one.
    """
    if not rows:
        return ()
    if len(names) == 1:
        return (Part(Output.DECISION, np.array([score for row in rows for _, score in row])),)
    if all(len(row) == len(names) for row in rows):
        return (_all_scores(rows, names, source),)
    decision, score = _best(rows)
    if len(names) > 2 or source.classes is None:
        return (decision, score)
    return (
        (decision, Part(Output.PROBABILITIES, _of_two(decision.values, score.values, names)))
        if softmax
        else (decision,)
    )


def parts_of_candidates(rows: Sequence[Labelled], source: Source, *, names: Sequence[str]) -> tuple[Part, ...]:
    """Labels that the question named, one of which is right if the source has them as classes.

    Otherwise each is right or wrong for itself, and its score says nothing about the others: the best and its score.
    """
    if not rows:
        return ()
    return _best(rows) if source.classes is None else (_all_scores(rows, names, source),)


def _best(rows: Sequence[Labelled]) -> tuple[Part, Part]:
    labels, scores = zip(*(row[0] for row in rows), strict=True)
    return Part(Output.DECISION, np.array(labels)), Part(Output.SCORE, np.array(scores))


def _all_scores(rows: Sequence[Labelled], names: Sequence[str], source: Source) -> Part:
    matrix = np.array([[dict(row)[name] for name in names] for row in rows])
    if source.classes is None:
        return Part(Output.DECISION, matrix)
    probable = matrix.min() >= 0 and np.abs(matrix.sum(axis=1) - 1).max() < _ROUNDING
    return Part(Output.PROBABILITIES if probable else Output.MARGINS, matrix)


def _of_two(labels: NDArray[Any], scores: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
    second = np.where(labels == names[1], scores, 1.0 - scores)
    return np.stack((1.0 - second, second), axis=1)
