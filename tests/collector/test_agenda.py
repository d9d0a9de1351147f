from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.agenda import Agenda
from miops_collector.window import Window

LENGTHS = (12, 24)


def short(_: int) -> int:
    return 1


def agenda(*touched: int, complete: int = 0) -> Agenda:
    made = Agenda(LENGTHS)
    made.update(complete, short)
    made.touch(touched)
    return made


def test_a_changed_pane_changes_every_window_that_holds_it() -> None:
    a = agenda(30)

    a.update(0, short)

    assert a.queues() == ([Window(24, 36), Window(24, 48)], [], [])


def test_a_window_is_live_then_finished_then_restated() -> None:
    a = agenda(0)
    a.update(11, short)
    assert Window(0, 12) in a.queues()[0]
    a.done([Window(0, 12), Window(0, 24)])
    a.update(11, short)
    assert a.queues() == ([], [], [])

    a.update(12, short)
    assert a.queues() == ([], [Window(0, 12)], [])
    a.done([Window(0, 12)])

    a.touch([5])
    a.update(13, short)
    assert a.queues() == ([Window(0, 24)], [], [Window(0, 12)])


def test_a_window_that_came_and_went_between_two_updates_has_finished() -> None:
    a = agenda(0, complete=0)

    a.update(100, short)

    assert a.queues() == ([], [Window(0, 12), Window(0, 24)], [])


def test_finished_windows_are_in_the_order_of_event_time_and_restated_ones_in_that_of_their_coming() -> None:
    a = agenda(60, 13, complete=50)
    a.update(100, short)
    assert a.queues()[1] == [Window(48, 72), Window(60, 72)]
    assert a.queues()[2] == [Window(0, 24), Window(12, 24)]

    a.touch([0])
    a.update(100, short)

    assert a.queues()[2] == [Window(0, 24), Window(12, 24), Window(0, 12)]


def test_a_window_restated_again_and_again_keeps_its_place() -> None:
    a = agenda(0, complete=100)
    a.update(100, short)
    a.touch([30])
    a.update(100, short)
    for _ in range(3):
        a.touch([0])
        a.update(100, short)

    assert a.queues()[2] == [Window(0, 12), Window(0, 24), Window(24, 36), Window(24, 48)]


def test_what_changes_while_it_is_evaluated_stays_due() -> None:
    a = agenda(0, complete=100)
    a.update(100, short)
    queue = a.queues()[2]

    a.touch([0])
    a.done(queue)

    assert not a.is_empty
    a.update(100, short)
    assert a.queues()[2] == queue


def test_a_merged_pane_says_nothing_of_windows_that_it_does_not_divide() -> None:
    a = agenda(30)

    a.update(100, lambda _: 24)

    assert a.queues()[1] == [Window(24, 48)]


def test_panes_are_needed_from_the_oldest_window_that_is_complete_and_due() -> None:
    a = agenda(100, 30, complete=50)
    assert a.oldest() is None

    a.update(60, short)

    assert a.oldest() == 24


def test_it_is_empty_when_everything_is_done_though_windows_are_unfinished() -> None:
    a = agenda(0)
    assert not a.is_empty
    a.update(5, short)
    a.done([w for queue in a.queues() for w in queue])

    assert a.is_empty
    assert len(a) == 0


def test_nothing_is_nothing() -> None:
    a = Agenda(LENGTHS)

    a.load("")

    assert a.is_empty
    assert a.to_json(short) == '{"due": {}, "unfinished": {}}'


STEPS = st.lists(st.tuples(st.lists(st.integers(0, 500), max_size=5), st.integers(0, 60), st.booleans()), max_size=15)


@given(STEPS)
@settings(deadline=None, max_examples=150)
def test_every_window_is_evaluated_after_its_last_change_and_after_it_is_complete(
    steps: list[tuple[list[int], int, bool]],
) -> None:
    """Across restarts, too."""
    a = Agenda(LENGTHS)
    complete = 0
    changed: dict[Window, int] = {}
    evaluated: dict[Window, tuple[int, bool]] = {}
    for clock, (touched, passed, restart) in enumerate([*steps, ([], 2000, True), ([], 0, False)]):
        complete += passed
        a.touch(touched)
        changed |= {Window.holding(t, length): clock for t in touched for length in LENGTHS}
        if restart:
            text, a = a.to_json(short), Agenda(LENGTHS)
            a.load(text)
        a.update(complete, short)
        for queue in a.queues():
            for window in queue[: 3 if passed < 2000 else None]:
                evaluated[window] = (clock, window.end <= complete)
                a.done([window])

    assert evaluated.keys() == changed.keys()
    assert all(evaluated[w][0] >= changed[w] and evaluated[w][1] for w in changed)
    assert a.is_empty
