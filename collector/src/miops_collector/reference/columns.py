"""What of one column of a reference is frozen: its edges, groups and center, or its categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from miops_collector.classes import class_text, number_text
from miops_collector.columns import Column, FloatArray, Numbers, Texts
from miops_collector.layout import ColumnLayout, Role
from miops_collector.reference.edges import equal_mass_groups, lone_values, quantile_edges

__all__ = ["NO_DEFINITION", "DefinitionEdges", "class_column", "feature_column", "numeric_column"]

DefinitionEdges: TypeAlias = tuple[Callable[[FloatArray], FloatArray], Callable[[FloatArray], FloatArray]]
"""From a column's values to edges that another tool's definition freezes, and to further ones that it may need."""
NO_DEFINITION: DefinitionEdges = (lambda _: np.empty(0), lambda _: np.empty(0))
GROUPS = 10
"""Equal-mass groups of a numeric column: what divergences compare."""
OPEN_END, IDENTIFIER = 0.01, 0.5
"""Shares of rows that are the only one with their category: from the first on, of more categories than are told apart,
and from the second on of however many, rare ones and those that the reference lacks are one."""
FEWEST = 10
"""Rows that a category needs then to be told apart."""
FEWEST_IDENTIFIED = 30
"""Rows from which on it is said that nearly all are the only one with their category."""
ONCE = 1.5
MOST_POOLED = 10_000
MOST_POOLED_LETTERS = 1_000_000
"""Pooled categories beyond this are not remembered by name."""


def feature_column(
    name: str, source: str, role: Role, values: Column, weights: FloatArray, *, bins: int, limit: int,
    definition: DefinitionEdges = NO_DEFINITION,
) -> ColumnLayout:  # fmt: skip
    """A feature or context column, numeric or categorical as its values are."""
    if isinstance(values, Numbers):
        return numeric_column(name, source, role, values, weights, bins=bins, definition=definition)
    counts = _counts(values, weights)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    if _has_open_end(counts, values, limit):
        return _open_ended(name, source, role, _told_apart(counts, ranked, values, limit), len(ranked))
    return _categorical(name, source, role, ranked, limit)


def class_column(name: str, classes: Sequence[str], values: Column, weights: FloatArray, *, limit: int) -> ColumnLayout:
    """The decisions of a classifier; every known class is a category, whether the reference decided for it or not."""
    counts: dict[str, float] = dict.fromkeys(classes, 0.0)
    words = _as_texts(values)
    for word, count in _counts(words, weights).items():
        if class_text(word) in counts:
            counts[class_text(word)] += count
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return _categorical(name, "value", "prediction", ranked, limit)


def numeric_column(
    name: str, source: str, role: Role, values: Column, weights: FloatArray, *, bins: int,
    definition: DefinitionEdges = NO_DEFINITION,
) -> ColumnLayout:  # fmt: skip
    """Edges from the reference's quantiles; groups of about a tenth of its rows; the mean as center.

    Of whole numbers the center is a whole number too: then their moments are, and take few bytes. Edges of a definition
    are edges too, so that counts between them are exact.
    """
    found, mass = _finite(values, weights)
    if not len(found):
        return ColumnLayout(name, source, role, "numeric")
    own, also = (edges_of(found) for edges_of in definition)
    edges = _with(quantile_edges(found, mass, bins), np.concatenate((own, also)))
    groups = equal_mass_groups(np.histogram(found, edges, weights=mass)[0], GROUPS)
    return ColumnLayout(
        name, source, role, "numeric", tuple(edges.tolist()), tuple(groups.tolist()), center=_center(found, mass),
        definition_edges=tuple(own.tolist()), atoms=tuple(lone_values(found, edges).tolist()),
    )  # fmt: skip


def _with(edges: FloatArray, more: FloatArray) -> FloatArray:
    """The edges and those of the others that lie between them."""
    inside = more[(more > edges[0]) & (more < edges[-1])]
    return np.unique(np.concatenate((edges, inside)))


def _categorical(name: str, source: str, role: Role, ranked: Sequence[str], limit: int) -> ColumnLayout:
    """The most frequent categories; beyond the limit the rarer ones share the last category, their pool."""
    if len(ranked) <= limit:
        return ColumnLayout(name, source, role, "categorical", categories=tuple(ranked))
    kept, rest = tuple(ranked[: limit - 1]), tuple(ranked[limit - 1 :])
    too_many = len(rest) > MOST_POOLED or sum(map(len, rest)) > MOST_POOLED_LETTERS
    pool = f"other ({len(rest)} more)"
    return ColumnLayout(
        name, source, role, "categorical",
        categories=(*kept, pool), pooled=() if too_many else rest, open_pool=too_many,
    )  # fmt: skip


def _open_ended(name: str, source: str, role: Role, told_apart: Sequence[str], of: int) -> ColumnLayout:
    """Categories, and one pool of all others, whether the reference has them or not. See ``statistics/scan/pools.py``.

    Which rare ones a reference has is chance: of those that come later most are others.
    """
    pool = f"other ({of - len(told_apart)} more)"
    return ColumnLayout(name, source, role, "categorical", categories=(*told_apart, pool), open_pool=True)


def _has_open_end(counts: Mapping[str, float], values: Texts, limit: int) -> bool:
    """Whether as many categories must be expected that the reference lacks, as Good and Turing estimate it.

    I. J. Good, "The population frequencies of species and the estimation of population parameters", Biometrika, 1953,
    doi:10.1093/biomet/40.3-4.237.
    """
    rows, a_row = _rows_of(counts, values)
    once = sum(1 for count in counts.values() if count < ONCE * a_row)
    if len(counts) > limit:
        return once >= OPEN_END * rows
    return rows >= FEWEST_IDENTIFIED and once >= IDENTIFIER * rows


def _told_apart(counts: Mapping[str, float], ranked: Sequence[str], values: Texts, limit: int) -> Sequence[str]:
    """The most frequent ones, with all that are tied or with none of them."""
    _, a_row = _rows_of(counts, values)
    more = counts[ranked[limit - 1]] if len(ranked) >= limit else 0.0
    return [word for word in ranked[: limit - 1] if counts[word] >= FEWEST * a_row and counts[word] > more]


def _rows_of(counts: Mapping[str, float], values: Texts) -> tuple[int, float]:
    """Rows with a value, and their mean weight."""
    rows = int((values.codes >= 0).sum())
    return rows, sum(counts.values()) / max(rows, 1)


def _center(values: FloatArray, weights: FloatArray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        center = float(np.average(values, weights=weights))
    if not np.isfinite(center):
        return 0.0
    return float(np.rint(center)) if (values == np.floor(values)).all() else center


def _finite(values: Column, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    if isinstance(values, Texts):
        return np.empty(0), np.empty(0)
    finite = np.isfinite(values.values) & (weights > 0)
    return values.values[finite], weights[finite]


def _as_texts(values: Column) -> Texts:
    if isinstance(values, Texts):
        return values
    numbers, codes = np.unique(values.values, return_inverse=True)
    codes = np.where(np.isfinite(values.values), codes, -1)
    return Texts(codes.astype(np.int32), tuple(number_text(number) for number in numbers.tolist()))


def _counts(values: Texts, weights: FloatArray) -> Mapping[str, float]:
    """Weight of each word that occurs. Words may be listed twice."""
    there = values.codes >= 0
    sums = np.bincount(values.codes[there], weights=weights[there], minlength=len(values.words))
    occurs = np.bincount(values.codes[there], minlength=len(values.words)) > 0
    counts: dict[str, float] = {}
    for i in np.flatnonzero(occurs).tolist():
        counts[values.words[i]] = counts.get(values.words[i], 0.0) + float(sums[i])
    return counts
