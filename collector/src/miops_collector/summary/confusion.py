"""Which class was predicted of rows of which class."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["Confusion"]


@dataclass(frozen=True, slots=True, eq=False)
class Confusion(Additive):
    """``cells[t, p]``: labelled rows with truth ``classes[t]`` and prediction ``classes[p]``, as in scikit-learn.

    ``positive`` is the index of the positive class, or -1 when the task has none.
    """

    classes: tuple[str, ...]
    positive: int
    cells: FloatArray = summed()
