"""What columns are called on the wire, and the names by which a rule may mean them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["distinct", "levels", "of_which_again"]

_AGAIN: Final = re.compile(r"(.+)\.\d+", re.DOTALL)
_LEVEL: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([\w.+-]+)")


def distinct(names: Iterable[Any]) -> tuple[str, ...]:
    """Names as texts; of columns called alike the second is called ``x.1``, as pandas calls it when it reads a file.

    Examples
    --------
    >>> distinct(["x", "y", "x", "x", "x.1", 1, "1"])
    ('x', 'y', 'x.2', 'x.3', 'x.1', '1', '1.1')
    """
    texts = tuple(map(str, names))
    taken = set(texts)
    if len(taken) == len(texts):
        return texts
    times: dict[str, int] = {}
    named: list[str] = []
    for text in texts:
        name, number = text, times.get(text, 0)
        while number and (name := f"{text}.{number}") in taken:
            number += 1
        taken.add(name)
        times[text] = number + 1
        named.append(name)
    return tuple(named)


def of_which_again(name: str) -> str | None:
    """``x`` of ``x.1``, which may be the name of a second column ``x``; ``None`` of other names."""
    found = _AGAIN.fullmatch(name)
    return found[1] if found else None


def levels(name: str) -> tuple[str, ...]:
    """The names that the name of a column of several levels consists of; empty for plain names.

    Examples
    --------
    >>> levels("('a', 'ssn')"), levels("(Timestamp('2020'), 'ssn')"), levels("ssn")
    (('a', 'ssn'), ('Timestamp', '2020', 'ssn'), ())
    """
    if not (name.startswith("(") and name.endswith(")")):
        return ()
    try:
        read = ast.literal_eval(name)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return tuple("".join(parts) for parts in _LEVEL.findall(name))
    return tuple(map(str, read)) if isinstance(read, tuple) else ()
