"""One sentence for a person about what changed in a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.statistics.scan.cause import guess_cause
from miops_collector.statistics.scan.evidence import Statistic
from miops_collector.statistics.scan.strongest import Strongest
from miops_collector.summary import Distribution, FloatArray, Frequencies

__all__ = ["explain"]

MOST_DIGITS: Final = 12


def explain(
    column: ColumnLayout, found: Strongest, windows: int, reference: Summaries, current: Summaries
) -> tuple[str, str]:
    """The guessed cause (or an empty text), and the sentence: what changed, over how long, from what to what.

    For example ``AGEP moved up by 0.62 σ-ranks (location) over the last 4 windows: mean 41.2 → 95.3; 20% of the values
    look ×12 (months for years?)``.
    """
    over = "in the last window" if windows == 1 else f"over the last {windows} windows"
    change, numbers = _CHANGES[found.statistic](column, found, reference, current)
    cause = guess_cause(column, reference, current)
    said = f"{column.name} {change} {over}{numbers}"
    return ("", said) if cause is None else (cause.kind, f"{said}; {cause.words}")


def _location(column: ColumnLayout, found: Strongest, reference: Summaries, current: Summaries) -> tuple[str, str]:
    before, now = reference.moments(column).mean, current.moments(column).mean
    way = "up" if found.effect > 0 else "down"
    return f"moved {way} by {abs(found.effect):.2g} σ-ranks (location)", f": mean {_from_to(before, now)}"


def _spread(column: ColumnLayout, found: Strongest, reference: Summaries, current: Summaries) -> tuple[str, str]:
    before, now = reference.moments(column).std, current.moments(column).std
    way = "wider" if found.effect > 0 else "narrower"
    numbers = f": standard deviation {_from_to(before, now)}"
    return f"spread {way} by {abs(found.effect):.2g} σ-ranks (spread)", numbers


def _shape(column: ColumnLayout, found: Strongest, reference: Summaries, current: Summaries) -> tuple[str, str]:
    before, now = (_shares(column, s) for s in (reference, current))
    most = int(np.abs(now - before).argmax())
    name = _cell_name(current.distribution(column), most)
    return f"changed shape by {found.effect:.2g} φ (shape)", f": {name} {before[most]:.1%} → {now[most]:.1%}"


def _category(column: ColumnLayout, found: Strongest, reference: Summaries, current: Summaries) -> tuple[str, str]:
    before, now = (_shares(column, s) for s in (reference, current))
    name = _cell_name(current.distribution(column), found.cell)
    return f"has another share of {name}", f": {before[found.cell]:.1%} → {now[found.cell]:.1%}"


def _missing(column: ColumnLayout, found: Strongest, reference: Summaries, current: Summaries) -> tuple[str, str]:
    before, now = (_absent_share(s.distribution(column)) for s in (reference, current))
    way = "more" if found.effect > 0 else "fewer"
    return f"has {way} rows without a value", f": {before:.1%} → {now:.1%}"


def _range(column: ColumnLayout, found: Strongest, reference: Summaries, current: Summaries) -> tuple[str, str]:
    del found
    before, now = reference.moments(column), current.moments(column)
    share = _outside_share(current.distribution(column))
    seen = f"{before.lowest:.4g} … {before.highest:.4g}"
    return (
        f"has {share:.1%} of its values out of range",
        f": {now.lowest:.4g} … {now.highest:.4g}, the reference {seen}; mean {_from_to(before.mean, now.mean)}",
    )


def _unseen(column: ColumnLayout, found: Strongest, reference: Summaries, current: Summaries) -> tuple[str, str]:
    del found
    before, now = (_outside_share(s.distribution(column)) for s in (reference, current))
    return "has categories the reference does not have", f": {before:.1%} → {now:.1%} of its values"


_CHANGES: Final[Mapping[Statistic, Callable[[ColumnLayout, Strongest, Summaries, Summaries], tuple[str, str]]]] = {
    "location": _location,
    "spread": _spread,
    "shape": _shape,
    "category": _category,
    "missing": _missing,
    "range": _range,
    "unseen": _unseen,
}


def _shares(column: ColumnLayout, summaries: Summaries) -> FloatArray:
    """Of the coarse cells; what is unseen belongs to the pool where there is one."""
    counts = summaries.distribution(column).coarse
    if column.has_pool:
        counts = np.append(counts[:-2], counts[-2:].sum())
    return np.asarray(counts / max(float(counts.sum()), 1.0))


def _from_to(before: float, now: float) -> str:
    """Both with four digits, or with so many more that the difference is seen: large numbers may differ little."""
    digits = next((d for d in range(4, MOST_DIGITS) if f"{before:.{d}g}" != f"{now:.{d}g}"), 4)
    digits += digits > 4
    return f"{before:.{digits}g} → {now:.{digits}g}"


def _absent_share(distribution: Distribution) -> float:
    return (distribution.missing + distribution.faults) / max(distribution.rows, 1.0)


def _outside_share(distribution: Distribution) -> float:
    return distribution.outside / max(float(distribution.fine.sum()), 1.0)


def _cell_name(distribution: Distribution, cell: int) -> str:
    """In words, a cell of ``coarse`` for numbers and of ``fine`` for categories."""
    if isinstance(distribution, Frequencies):
        return repr(distribution.categories[cell]) if cell < len(distribution.categories) else "unseen categories"
    edges, groups = distribution.edges, distribution.groups
    members = np.flatnonzero(groups == cell - 1)
    if cell == 0:
        return f"share below {edges[0]:.4g}"
    if not members.size:
        return f"share above {edges[-1]:.4g}"
    return f"share between {edges[members[0]]:.4g} and {edges[members[-1] + 1]:.4g}"
