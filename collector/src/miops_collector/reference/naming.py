"""Names of columns as users see them, from the names they have in the store."""

from __future__ import annotations

from collections.abc import Iterable

from miops.semconv import COLUMN_CONTEXT_PREFIX, COLUMN_FEATURE_PREFIX
from miops_collector.layout import Role

__all__ = ["PREDICTION", "SCORE", "named", "role_of"]

PREDICTION, SCORE = "prediction", "score"
PREFIXES: dict[str, Role] = {COLUMN_FEATURE_PREFIX: "feature", COLUMN_CONTEXT_PREFIX: "context"}


def role_of(source: str) -> Role:
    return next((role for prefix, role in PREFIXES.items() if source.startswith(prefix)), "context")


def named(sources: Iterable[str]) -> dict[str, str]:
    """Name of each source, features first: ``feature.x`` is ``x``, and so is ``context.x``.

    Where that name is taken (a feature and a context column of one name, or a feature called ``score``) the column
    is called as its source: ``context.x``.
    """
    names: dict[str, str] = {}
    taken = {PREDICTION, SCORE}
    for source in sorted(sources, key=lambda s: (role_of(s) != "feature", s)):
        name = source.removeprefix(COLUMN_FEATURE_PREFIX if role_of(source) == "feature" else COLUMN_CONTEXT_PREFIX)
        prefix = source[: len(source) - len(name)]
        while name in taken:
            name = prefix + name
        taken.add(name)
        names[source] = name
    return names
