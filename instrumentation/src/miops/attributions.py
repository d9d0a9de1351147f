"""What each feature contributed to a prediction, as columns of the rows it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.columns import Column

__all__ = ["Attributions", "attribution_columns", "told_attributions"]

_PREFIX: Final = semconv.COLUMN_ATTRIBUTION_PREFIX
_METHOD: Final = f"{_PREFIX}method"


class Attributions(NamedTuple):
    """Contributions of ``names`` to the rows of one call.

    Attributes
    ----------
    values
        ``(rows, names) float64``, in the units of the score that was explained; NaN where a row was not.
    method
        ``shap``, ``lime``, or whatever the user calls it.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    method: str


def told_attributions(values: Any, method: str) -> Attributions | None:
    """What the user's own explainer found: a mapping of columns, or of single values for one row.

    Examples
    --------
    >>> told_attributions({"age": 0.4, "income": -0.1}, "shap").values.tolist()
    [[0.4, -0.1]]
    """
    if values is None:
        return None
    columns = [np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in values.values()]
    return Attributions(tuple(map(str, values)), np.stack(columns, axis=1), method)


def attribution_columns(found: Sequence[Attributions | None], rows: Sequence[int]) -> Mapping[str, Column]:
    """Columns by wire name for calls of so many rows; null where nothing was attributed."""
    if not any(one is not None for one in found):
        return {}
    names = tuple(dict.fromkeys(chain.from_iterable(one.names for one in found if one is not None)))
    place = {name: i for i, name in enumerate(names)}
    bounds = np.cumsum([0, *rows]).tolist()
    values = np.full((bounds[-1], len(names)), np.nan)
    methods = [""] * bounds[-1]
    for one, start, stop in zip(found, bounds, bounds[1:], strict=False):
        if one is not None:
            values[start:stop, [place[name] for name in one.names]] = one.values
            methods[start:stop] = [one.method] * (stop - start)
    there: NDArray[np.bool_] = ~np.isnan(values)
    columns = {f"{_PREFIX}{name}": Column("double", values[:, i].copy(), there[:, i]) for i, name in enumerate(names)}
    return {**columns, _METHOD: Column("utf8", methods, np.asarray(there.any(axis=1)))}
