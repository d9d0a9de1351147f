"""How alarms open, stay, close, come back, and survive restarts and restatements."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.alerts import ACCEPTED, Book, Lifecycle, advance, closed
from miops_collector.errors import InputError
from miops_collector.report import ModelKey
from tests.collector.alerts.makers import DAY, HOUR, MODEL, finding, window

WORDS = {"b": "breach", "h": "hold", "q": "quiet", "u": "unknown"}


def live(verdicts, life=None, start=0, book=None):
    """One window after the other, as they happen; a blank is a window without data."""
    book = book or Book()
    for i, letter in enumerate(verdicts, start):
        news = [] if letter == " " else [finding(i, WORDS[letter], lifecycle=life or Lifecycle())]
        book = advance(book, news, model=MODEL, now=window(i).end)
    return book


def state(book):
    return book.alerts[0].state if book.alerts else "inactive"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ("q", "inactive"),
        ("b", "firing"),
        ("bqq", "firing"),
        ("bqqq", "resolved"),
        ("bhhhh", "firing"),
        ("bqqhqq", "firing"),
        ("bqqbqq", "firing"),
        ("hhh", "inactive"),
        ("uuu", "inactive"),
        ("buuuu", "firing"),
        ("bququq", "resolved"),
        ("bqqqb", "firing"),
        ("b" + " " * 23, "firing"),
        ("b" + " " * 24, "resolved"),
        ("b" + "u" * 24, "resolved"),
    ],
)
def test_states_of_a_default_alarm(verdicts, expected):
    assert state(live(verdicts)) == expected


def test_too_little_data_neither_opens_nor_closes_and_silence_says_why_it_closed():
    by_quiet, by_silence = live("bqqq").alerts[0], live("b" + " " * 24).alerts[0]

    assert by_quiet.evidence["closed_by"] == "quiet"
    assert by_silence.evidence["closed_by"] == "no_data"
    assert by_silence.until == window(24).end


def test_an_alarm_keeps_the_evidence_that_raised_it_and_tells_the_newest_beside_it():
    book = live("qbbh")
    alert = book.alerts[0]

    assert (alert.state, alert.window, alert.evidence["seen_in"]) == ("firing", window(2), 2.0)
    assert (alert.latest.window, alert.latest.verdict, alert.latest.evidence["seen_in"]) == (window(3), "hold", 3.0)
    assert Book.from_json(book.to_json()) == book
    quiet = live("q", start=4, book=book).alerts[0]
    assert (quiet.window, quiet.latest.window, quiet.latest.verdict) == (window(2), window(4), "quiet")


def test_a_book_of_an_earlier_release_has_one_evidence_for_both():
    data = json.loads(live("b").to_json())
    for entry in data["entries"]:
        del entry["latest"]

    (alert,) = Book.from_json(json.dumps(data)).alerts
    assert alert.latest.window == alert.window


def test_alarms_that_were_closed_by_hand_stay_as_history_and_a_breach_since_is_a_new_one():
    book = closed(live("bqqbb"), until=window(6).end, why=ACCEPTED, but="silence")

    (alert,) = book.alerts
    assert (alert.state, alert.since, alert.until) == ("resolved", window(0).start, window(6).end)
    assert alert.evidence["closed_by"] == "accepted as reference"
    assert advance(book, [finding(5)], model=MODEL, now=window(7).end) == book  # settled
    fresh = live("b", start=8, book=book).alerts[0]
    assert (fresh.state, fresh.since, fresh.evidence["raised"]) == ("firing", window(8).start, 1)


def test_an_alarm_that_has_nothing_to_do_with_the_reference_stays_open():
    book = advance(Book(), [finding(0, rule="silence")], model=MODEL, now=window(0).end)

    assert closed(book, until=window(6).end, why=ACCEPTED, but="silence") == book


def test_since_is_the_first_window_and_until_the_closing_one():
    alert = live("qqbbqqq").alerts[0]

    assert (alert.since, alert.until) == (window(2).start, window(6).end)
    assert alert.evidence["seen_in"] == 3.0


def test_a_breach_within_24_windows_joins_the_same_alarm_and_later_is_a_new_one():
    joined = live("bqqq" + "q" * 22 + "b").alerts[0]
    fresh = live("bqqq" + "q" * 24 + "b").alerts[0]

    assert (joined.since, joined.evidence["raised"], joined.until) == (0, 2, 0)
    assert (fresh.since, fresh.evidence["raised"]) == (window(28).start, 1)


def test_pending_lasts_in_event_time_and_one_quiet_window_ends_it():
    life = Lifecycle(pending_for=2 * HOUR, close_after=1, rejoin_within=0)

    assert [state(live("b" * n, life)) for n in (1, 2, 3)] == ["pending", "pending", "firing"]
    assert state(live("bbq", life)) == "inactive"
    assert state(live("bbqb", life)) == "pending"
    assert state(live("bbbq", life)) == "resolved"
    assert state(live("b" + " " * 24, life)) == "inactive"


def test_resolved_alarms_are_kept_for_a_week_and_then_dropped():
    book = live("bqqq")

    assert advance(book, [], model=MODEL, now=window(3).end + 7 * DAY).alerts[0].state == "resolved"
    assert advance(book, [], model=MODEL, now=window(3).end + 7 * DAY + 1).alerts == ()


def test_silence_of_one_model_says_nothing_about_another():
    book = advance(live("b"), [], model=ModelKey("other", "1"), now=100 * DAY)

    assert state(book) == "firing"


def test_a_weak_quiet_window_counts_in_part():
    """Late truth: the newest windows have a tenth of the labels of the one that raised the alarm."""
    book = advance(Book(), [finding(0, support=1000.0)], model=MODEL, now=window(0).end)
    for i in range(1, 15):
        book = advance(book, [finding(i, "quiet", support=100.0)], model=MODEL, now=window(i).end)
        assert state(book) == "firing"

    assert state(advance(book, [finding(15, "quiet", support=100.0)], model=MODEL, now=window(15).end)) == "resolved"


def test_a_restated_window_changes_its_own_verdict_only():
    book = live("qbq")

    restated = advance(book, [finding(1, "quiet")], model=MODEL, now=window(2).end)
    repeated = advance(book, [finding(2, "quiet"), finding(2, "quiet")], model=MODEL, now=window(2).end)

    assert restated.alerts == ()
    assert state(repeated) == "firing"
    assert state(live("qq", start=3, book=repeated)) == "resolved"


def test_windows_older_than_what_is_remembered_are_settled():
    book = live("b" * 60)

    assert advance(book, [finding(2, "quiet")], model=MODEL, now=window(59).end) == book


@settings(deadline=None, max_examples=80)
@given(st.text("bhqu", min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_in_which_windows_are_heard_of_does_not_matter(verdicts, random):
    findings = [finding(i, WORDS[v]) for i, v in enumerate(verdicts)]
    mixed = random.sample(findings, len(findings))
    now = window(len(findings) - 1).end

    assert advance(Book(), mixed, model=MODEL, now=now) == advance(Book(), findings, model=MODEL, now=now)


@settings(deadline=None, max_examples=80)
@given(st.text("bhqu ", min_size=1, max_size=60), st.integers(0, 60))
def test_a_restart_changes_nothing(verdicts, cut):
    straight = live(verdicts)

    half = live(verdicts[:cut])
    restarted = live(verdicts[cut:], start=min(cut, len(verdicts)), book=Book.from_json(half.to_json()))

    assert restarted == straight
    assert Book.from_json(straight.to_json()) == straight


@settings(deadline=None, max_examples=80)
@given(st.text("bhqu ", min_size=2, max_size=60))
def test_every_change_of_state_is_an_allowed_one(verdicts):
    states = [state(live(verdicts[: n + 1])) for n in range(len(verdicts))]
    allowed = {("inactive", "firing"), ("firing", "resolved"), ("resolved", "firing")}

    assert all(before == after or (before, after) in allowed for before, after in pairwise(states))


def test_series_are_told_apart_by_column_and_length_of_window():
    news = [finding(0), finding(0, column="region"), finding(0, window=window(0, DAY))]

    assert len(advance(Book(), news, model=MODEL, now=DAY).alerts) == 3


def test_examples_and_evidence_survive_a_restart():
    book = advance(Book(), [finding(0, examples=("a", "b"))], model=MODEL, now=HOUR)

    assert Book.from_json(book.to_json()).alerts[0].examples == ("a", "b")


def test_an_empty_text_is_an_empty_book_and_an_unknown_format_is_refused():
    assert Book.from_json("") == Book()
    with pytest.raises(InputError, match="format 99"):
        Book.from_json(json.dumps({"format": 99, "entries": []}))
