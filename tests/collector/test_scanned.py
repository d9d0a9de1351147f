from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector import scanned
from miops_collector.report import Status
from miops_collector.scanned import Scanned

STATUSES = st.sampled_from(["ok", "warning", "alert", "insufficient_data"])


def test_a_column_is_ok_until_something_else_is_said() -> None:
    s = Scanned()
    assert s.at("age", 10) == "ok"

    s.note(10, {"age": "alert", "sex": "ok"})

    assert [s.at("age", end) for end in (9, 10, 11)] == ["ok", "alert", "alert"]
    assert s.at("sex", 11) == "ok"


def test_a_status_holds_until_the_next_scan() -> None:
    s = Scanned()
    for end, status in ((10, "alert"), (20, "alert"), (30, "warning"), (40, "ok")):
        s.note(end, {"age": status})  # type: ignore[dict-item]

    assert [s.at("age", end) for end in (15, 25, 30, 39, 40, 99)] == [
        "alert",
        "alert",
        "warning",
        "warning",
        "ok",
        "ok",
    ]


def test_too_little_data_changes_nothing() -> None:
    s = Scanned()
    s.note(10, {"age": "alert"})

    s.note(20, {"age": "insufficient_data"})

    assert s.at("age", 20) == "alert"


def test_it_says_whether_a_window_needs_another_look() -> None:
    s = Scanned()

    assert not s.note(10, {"age": "ok"})
    assert s.note(20, {"age": "warning"})
    assert s.note(30, {"age": "ok"})
    assert not s.note(40, {"age": "ok"})
    assert not s.note(50, {"age": "insufficient_data"})


def test_years_of_flapping_stay_small() -> None:
    s = Scanned()
    for end in range(1, 20_000):
        s.note(end, {"age": "alert" if end % 2 else "ok", "sex": "alert"})

    assert len(json.dumps(s.to_json())) < 100_000
    assert (s.at("age", 19_999), s.at("age", 19_998), s.at("sex", 19_999)) == ("alert", "ok", "alert")


def test_more_columns_than_may_change_are_all_known() -> None:
    s = Scanned()
    many = {f"c{i}": "alert" for i in range(scanned.MOST_CHANGES + 10)}

    s.note(1, many)  # type: ignore[arg-type]

    assert {s.at(column, 1) for column in many} == {"alert"}


@given(st.lists(st.dictionaries(st.sampled_from("abc"), STATUSES), max_size=30))
@settings(deadline=None)
def test_it_is_what_was_said_last_and_reads_back(said: list[dict[str, Status]]) -> None:
    s, now = Scanned(), dict.fromkeys("abc", "ok")
    for end, statuses in enumerate(said):
        s.note(end, statuses)
        now |= {c: status for c, status in statuses.items() if status != "insufficient_data"}
        back = Scanned.from_json(json.loads(json.dumps(s.to_json())))

        assert {c: s.at(c, end) for c in "abc"} == {c: back.at(c, end) for c in "abc"} == now
