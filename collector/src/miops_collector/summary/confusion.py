"""Which class was predicted of rows of which class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["Confusion"]

UNKNOWN: Final = "(unknown)"


@dataclass(frozen=True, slots=True, eq=False)
class Confusion(Additive):
    """``cells[t, p]``: labelled rows with truth ``classes[t]`` and prediction ``classes[p]``, as in scikit-learn.

    ``positive`` is the index of the positive class, or -1 when the task has none. With ``has_unknown`` the last class
    is every truth that the model does not know: it is never predicted, so all of its rows are wrong.
    """

    classes: tuple[str, ...]
    positive: int
    cells: FloatArray = summed()
    has_unknown: bool = False

    @classmethod
    def with_unknown(cls, classes: tuple[str, ...], positive: int, cells: FloatArray, unknown: FloatArray) -> Confusion:
        """``unknown`` ``(k,)`` rows by prediction whose truth is none of the classes; as if there were none if so."""
        if not unknown.any():
            return cls(classes, positive, cells)
        rows = np.vstack((cells, unknown))
        every = np.hstack((rows, np.zeros((len(rows), 1))))
        return cls((*classes, UNKNOWN), positive, every, has_unknown=True)

    @property
    def unknown(self) -> float:
        """Rows whose truth the model does not know."""
        return float(self.cells[-1].sum()) if self.has_unknown else 0.0
