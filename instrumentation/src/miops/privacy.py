"""Which columns of a model leave the process, and as what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from miops import semconv
from miops.columns import Column
from miops.names import levels, of_which_again
from miops.transforms import Rule, Transform, keyed_hash, transform_of

__all__ = ["Privacy"]

_ENTITY_DIGITS: Final = 32
"""128 bits: entities are joined on, and must not be mixed up."""
_FEATURE: Final = semconv.COLUMN_FEATURE_PREFIX
_ATTRIBUTION: Final = semconv.COLUMN_ATTRIBUTION_PREFIX
_METHOD: Final = f"{_ATTRIBUTION}method"
_OUTCOME: Final = semconv.COLUMN_OUTCOME_PREFIX
"""Numbers, so that what makes texts of them withholds them."""
_ALLOWED: Final = (_FEATURE, _ATTRIBUTION)
"""What a list of allowed names is about: the others are said one by one in code."""
_PREFIXES: Final = (_FEATURE, semconv.COLUMN_CONTEXT_PREFIX, _ATTRIBUTION, _OUTCOME)


class Privacy:
    """The rules of one model.

    Parameters
    ----------
    rules
        The first that matches a column, a feature or context by its name, is applied to it.
    allow, deny
        Patterns of features that are sent alone, and of features, context and outcomes that never are. One level of a
        column's name is enough to deny it, but all levels must be allowed, if it is not as a whole.
    features
        Whether any are sent, and what they contributed.
    key
        For hashes.
    salt
        If given, entity ids are sent as their keyed hash.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        allow: Sequence[str] = (),
        deny: Sequence[str] = (),
        key: str | None = None,
        salt: str | None = None,
        features: bool = True,
        fault: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._rules = tuple((pattern, transform_of(text, key)) for pattern, text in rules)
        if not key and any(text.strip().startswith("hash") for _, text in rules):
            fault("hash_without_key")
        self._allow, self._deny, self._salt = allow, deny, salt
        self._withheld = () if features else (_FEATURE, _ATTRIBUTION)
        self._changes = bool(self._rules or allow or deny or self._withheld)
        self._known: dict[str, Transform | None] = {}

    @property
    def private(self) -> bool:
        """Whether anything is kept back, so that texts of errors, which may quote values, must be as well."""
        return self._changes or bool(self._salt)

    def columns(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """What is sent of these columns, by wire name."""
        if not self._changes:
            return dict(columns)
        made = {name: self._column(name, column) for name, column in columns.items()}
        return {name: column for name, column in made.items() if column is not None}

    def names(self, names: Iterable[str]) -> list[str]:
        """Features that are sent in some form, by their own names."""
        return [name for name in names if not self._changes or not self._dropped(name)]

    def entities(self, ids: list[str | None]) -> list[str | None]:
        """Entity ids as they are sent."""
        if not self._salt:
            return ids
        table = {one: None if one is None else keyed_hash(one, self._salt, _ENTITY_DIGITS) for one in set(ids)}
        return list(map(table.__getitem__, ids))

    def _column(self, name: str, column: Column) -> Column | None:
        prefix = next((one for one in _PREFIXES if name.startswith(one)), None)
        if prefix in self._withheld:
            return None
        if prefix is None or name == _METHOD:
            return column
        transform = self._of(prefix, name.removeprefix(prefix))
        if transform is None:
            return column
        # What a column contributed tells its value: of a linear model exactly.
        sent = None if prefix == _ATTRIBUTION else transform(column)
        return None if sent is not None and prefix == _OUTCOME and sent.kind != "double" else sent

    def _dropped(self, name: str) -> bool:
        transform = self._of(_FEATURE, name)
        return transform is not None and transform(Column("utf8", ["", ""])) is None

    def _of(self, prefix: str, name: str) -> Transform | None:
        wire = prefix + name
        if wire not in self._known:
            if len(self._known) > 10_000:  # names may be made up per call
                self._known.clear()
            self._known[wire] = self._chosen(prefix, name)
        return self._known[wire]

    def _chosen(self, prefix: str, name: str) -> Transform | None:
        parts = levels(name)
        allowed = not self._allow or prefix not in _ALLOWED or _matches(name, self._allow)
        allowed = allowed or bool(parts and all(_matches(part, self._allow) for part in parts))
        meant = _meant(name)
        if not allowed or any(_matches(one, self._deny) for one in meant):
            return _dropping
        matching = (transform for pattern, transform in self._rules if any(fnmatchcase(one, pattern) for one in meant))
        return next(matching, None)


_dropping: Final = transform_of("drop", None)


def _meant(name: str) -> list[str]:
    """Names by which a column is kept back or transformed: its own, that of which it is the second, those of levels."""
    own = [name, *filter(None, [of_which_again(name)])]
    return [*own, *(level for one in own for level in levels(one))]


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
