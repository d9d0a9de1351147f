from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.otlp.times import parse_times

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def parse(*texts: str | None) -> list[int | None]:
    nanos, fine = parse_times(pa.array(texts, pa.string()))
    return [int(n) if f else None for n, f in zip(nanos, fine, strict=True)]


@settings(deadline=None, max_examples=200)
@given(st.datetimes(datetime(1701, 1, 2), datetime(2249, 1, 1), timezones=ZONES), st.sampled_from("T "))
def test_agrees_with_the_standard_library(moment: datetime, separator: str) -> None:
    micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert parse(moment.isoformat(separator)) == [micros * 1000]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00", 0),
        ("1970-01-01T00:00:01", 1_000_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00,5Z", 500_000_000),
        ("1970-01-01T01:00:00+01", 0),
        ("1970-01-01T01:00:00+0100", 0),
        ("2000-02-29", 951_782_400_000_000_000),
        ("1795000000000000000", 1_795_000_000_000_000_000),
        ("-5", -5),
    ],
)
def test_forms_that_are_read(text: str, expected: int) -> None:
    assert parse(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "1900-02-29", "2001-02-29", "2001-13-01", "2001-00-10", "2001-01-32", "2001-01-01T24:00",
        "2001-01-01T10:60", "2001-1-1", "2001-01-01T00:00:00+25:00", "9999-01-01", "99999999999999999999", "1.5",
        "2001-01-01Tx", None,
    ],
)  # fmt: skip
def test_texts_that_are_no_times(text: str | None) -> None:
    assert parse("1970-01-01", text) == [0, None]
