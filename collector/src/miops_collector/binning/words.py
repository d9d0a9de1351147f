"""From the words of a batch to numbers of categories or classes: one look at each distinct word, none at rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Self

import numpy as np
from numpy.typing import NDArray

from miops_collector.classes import class_index, class_text
from miops_collector.columns import Column, FloatArray, Numbers, Texts

__all__ = ["FAULT", "MISSING", "UNSEEN", "Words", "is_told"]

MISSING, FAULT, UNSEEN = -1, -2, -3
"""Codes of rows that have no known word."""
FEW = 8
"""So many classes are found faster one by one than by searching."""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Known words with their codes.

    Attributes
    ----------
    index
        Code of each known word.
    other
        Code of every other word: :data:`UNSEEN`, or that of a pool.
    numbers, number_codes
        Classes that are numbers, rising, and their codes; ``None`` for categories, where a number is a fault.
    """

    index: Mapping[str, int]
    other: int = UNSEEN
    numbers: FloatArray | None = None
    number_codes: NDArray[np.int32] | None = None

    @classmethod
    def of_categories(cls, categories: Sequence[str], *, pooled: Iterable[str] = (), open_pool: bool = False) -> Self:
        """Words as they are; see ``ColumnLayout.pooled``."""
        pooled = tuple(pooled)
        last = len(categories) - 1
        named = categories[:-1] if pooled or open_pool else categories
        index = {word: i for i, word in enumerate(named)} | dict.fromkeys(pooled, last)
        return cls(index, last if open_pool else UNSEEN)

    @classmethod
    def of_classes(cls, classes: Sequence[str], *, pooled: Iterable[str] = (), open_pool: bool = False) -> Self:
        """Class texts, which numbers and booleans match as well."""
        plain = cls.of_categories(classes, pooled=pooled, open_pool=open_pool)
        index = {**class_index(classes), **plain.index}
        numbers = sorted((float(word), code) for word, code in index.items() if _is_number(word))
        return cls(
            index,
            plain.other,
            np.array([number for number, _ in numbers], np.float64),
            np.array([code for _, code in numbers], np.int32),
        )

    def codes(self, column: Column) -> NDArray[np.int32]:
        """``(n,)`` code of each row's word, or one of the three negative codes."""
        codes = self._of_texts(column) if isinstance(column, Texts) else self._of_numbers(column)
        if column.faults is not None:
            codes[column.faults] = FAULT
        return codes

    def cells(self, column: Column, start: int, categories: int) -> NDArray[np.int32]:
        """``(n,)`` cell of each row, the column's first being ``start``: see ``Frequencies.cells``."""
        place = np.arange(categories + 3, dtype=np.int32) + np.int32(start)
        place = np.concatenate((place[2:], place[1:2], place[:1]))  # codes 0 …, unseen -3, fault -2, missing -1
        if self.numbers is None and isinstance(column, Texts) and column.faults is None:
            return np.append(place[self._of_words(column)], place[MISSING])[column.codes]
        return place[self.codes(column)]

    def _of_texts(self, column: Texts) -> NDArray[np.int32]:
        return np.append(self._of_words(column), np.int32(MISSING))[column.codes]  # -1 takes the last

    def _of_words(self, column: Texts) -> NDArray[np.int32]:
        words = map(class_text, column.words) if self.numbers is not None else iter(column.words)
        return np.fromiter(map(self.index.get, words, repeat(self.other)), np.int32, len(column.words))

    def _of_numbers(self, column: Numbers) -> NDArray[np.int32]:
        values = column.values
        missing = np.isnan(values)
        if self.numbers is None or self.number_codes is None:
            return np.where(missing, np.int32(MISSING), np.int32(FAULT))
        codes = np.full(len(values), self.other, np.int32)
        if len(self.numbers) <= FEW:
            for number, code in zip(self.numbers.tolist(), self.number_codes.tolist(), strict=True):
                codes[values == number] = code
        else:
            place = np.minimum(np.searchsorted(self.numbers, values), len(self.numbers) - 1)
            np.copyto(codes, self.number_codes[place], where=self.numbers[place] == values)
        codes[missing] = MISSING
        return codes


def is_told(codes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """``(n,)`` rows with a word, known or not."""
    return np.asarray((codes >= 0) | (codes == UNSEEN))


def _is_number(word: str) -> bool:
    try:
        return float(word) == float(word)
    except ValueError:
        return False
