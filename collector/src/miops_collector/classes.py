"""How classes are written: one text for each class, whether it came as number, boolean or text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import isfinite

__all__ = ["class_index", "class_names", "class_text", "number_text"]

_NUMBER = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.\d*)?")
_BOOLEANS = {"true": "1", "false": "0"}
_NUMBERS = {number: boolean for boolean, number in _BOOLEANS.items()}


def number_text(value: float) -> str:
    """A number as class text.

    Examples
    --------
    >>> number_text(1.0), number_text(0.5)
    ('1', '0.5')
    """
    return str(int(value)) if isfinite(value) and value == int(value) else repr(float(value))


def class_text(word: str) -> str:
    """The one way a class is written: ``1``, ``1.0`` and ``+1`` are ``1``, ``True`` is ``true``.

    Codes with leading zeros stay as they are: ``007`` is not ``7``.

    Examples
    --------
    >>> [class_text(word) for word in ("1.0", "007", "True", "yes")]
    ['1', '007', 'true', 'yes']
    """
    if _NUMBER.fullmatch(word):
        return number_text(float(word))
    folded = word.casefold()
    return folded if folded in _BOOLEANS else word


def class_names(words: Iterable[str]) -> tuple[str, ...]:
    """Distinct classes, sorted as scikit-learn sorts them: by number if all are numbers, else as text.

    Booleans are 1 and 0 if there are numbers beside them.

    Examples
    --------
    >>> class_names(["10", "9", "9.0"])
    ('9', '10')
    >>> class_names(["true", "0", "1"])
    ('0', '1')
    """
    names = {class_text(word) for word in words}
    if names & set(_NUMBERS):
        names = {_BOOLEANS.get(name, name) for name in names}
    numeric = all(_NUMBER.fullmatch(name) for name in names)
    return tuple(sorted(names, key=float) if numeric else sorted(names))


def class_index(classes: Sequence[str]) -> dict[str, int]:
    """Number of each class by its text, with booleans and 0 / 1 standing for each other where only one is a class."""
    index = {name: i for i, name in enumerate(classes)}
    for other, name in (*_BOOLEANS.items(), *_NUMBERS.items()):
        if name in index:
            index.setdefault(other, index[name])
    return index
