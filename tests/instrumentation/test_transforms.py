"""What is done to columns before they leave the process."""

from __future__ import annotations

import hashlib
import hmac
import math
from typing import Any

import numpy as np
import pytest

from miops.columns import Column, booleans, doubles, utf8
from miops.transforms import read_rules, transform_of

TEXTS = Column("utf8", ["anna", "", "bo", "anna"], np.array([True, False, True, True]))
NUMBERS = doubles([17.5, math.nan, 18.0, 70.0])


def _told(column: Column | None) -> list[Any] | None:
    if column is None:
        return None
    values = list(column.data) if column.kind == "utf8" else column.data.tolist()
    known = [True] * len(values) if column.valid is None else column.valid.tolist()
    return [value if there and value == value else None for value, there in zip(values, known, strict=True)]


def _hmac(text: str, digits: int = 16) -> str:
    return hmac.new(b"k", text.encode(), hashlib.sha256).hexdigest()[:digits]


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("hash", TEXTS, [_hmac("anna"), None, _hmac("bo"), _hmac("anna")]),
        ("hash(8)", TEXTS, [_hmac("anna", 8), None, _hmac("bo", 8), _hmac("anna", 8)]),
        ("hash", NUMBERS, [_hmac("17.5"), None, _hmac("18"), _hmac("70")]),
        ("hash", doubles([7, -0.0, 1e20, 0.1, math.inf]), list(map(_hmac, ("7", "0", f"{10**20}", "0.1", "inf")))),
        ("hash", Column("utf8", ["7"]), [_hmac("7")]),
        ("hash", booleans([True, False]), [_hmac("1"), _hmac("0")]),
        ("bucket(18, 65)", NUMBERS, ["(-inf, 18)", None, "[18, 65)", "[65, inf)"]),
        ("bucket(0.5)", booleans([True, False]), ["[0.5, inf)", "(-inf, 0.5)"]),
        ("round", NUMBERS, [18.0, None, 18.0, 70.0]),
        ("round(-1)", NUMBERS, [20.0, None, 20.0, 70.0]),
        ("truncate(2)", TEXTS, ["an", None, "bo", "an"]),
        ("drop", TEXTS, None),
    ],
)
def test_what_is_sent_instead(text: str, column: Column, expected: list[Any] | None) -> None:
    assert _told(transform_of(text, "k")(column)) == expected


@pytest.mark.parametrize(
    ("text", "column"), [("bucket(1)", utf8(["a"])), ("round", utf8(["a"])), ("truncate(1)", doubles([1.0]))]
)
def test_what_a_transform_does_not_apply_to_is_withheld(text: str, column: Column) -> None:
    assert _told(transform_of(text, "k")(column)) == [None]


def test_without_a_key_a_hash_is_no_secret_and_nothing_is_sent() -> None:
    assert transform_of("hash", None)(utf8(["a"])) is None


@pytest.mark.parametrize(
    "wrong", ["hsh", "bucket", "bucket(2, 1)", "bucket(a)", "round(1.5)", "truncate", "truncate(-1)", "hash(4)", ""]
)
def test_transforms_that_mean_nothing_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|takes|could not convert"):
        transform_of(wrong, "k")


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("ssn=hash;age=bucket(18, 65)", (("ssn", "hash"), ("age", "bucket(18, 65)"))),
        ("ssn=hsh;age=round", (("ssn", "drop"), ("age", "round"))),
        ("age:round", (("*", "drop"),)),
        (" ; ", ()),
    ],
)
def test_settings_that_cannot_be_read_keep_columns_back(text: str, rules: tuple[tuple[str, str], ...]) -> None:
    assert read_rules(text) == rules
