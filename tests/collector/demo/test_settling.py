from __future__ import annotations

from collections.abc import Callable

from miops_collector.demo.settling import SETTLED_SECONDS, settled


class Busy:
    """A machine on which rows arrive at their own pace, and evaluation ends or does not."""

    def __init__(self, arrived: Callable[[float], float], *, evaluated: bool = True) -> None:
        self._arrived, self._evaluated = arrived, evaluated
        self.now, self.waited, self.said = 0.0, 0.0, list[str]()

    def settled(self, sent: int) -> bool:
        return settled(
            sent, lambda: int(self._arrived(self.now)), self._evaluate, self.said.append, clock=lambda: self.now,
            sleep=self._sleep,
        )  # fmt: skip

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def _evaluate(self, seconds: float) -> bool:
        self.waited = seconds
        return self._evaluated


def test_all_that_has_arrived_is_evaluated_before_anything_is_shown() -> None:
    machine = Busy(lambda _: 10)

    assert machine.settled(10)
    assert (machine.now, machine.waited, machine.said) == (0.0, SETTLED_SECONDS, [])


def test_rows_that_arrive_slowly_are_waited_for_as_long_as_they_do() -> None:
    machine = Busy(lambda now: now / 50)

    assert machine.settled(10)
    assert 500 <= machine.now < 501


def test_rows_that_never_arrive_are_told_of() -> None:
    machine = Busy(lambda now: min(now, 7))

    assert not machine.settled(10)
    assert 67 <= machine.now < 68
    assert machine.said == ["3 rows have not arrived, and none for 60 s: they count as dropped"]


def test_a_table_that_is_not_final_says_so() -> None:
    machine = Busy(lambda _: 10, evaluated=False)

    assert not machine.settled(10)
    assert machine.said == ["after 600 s some windows are still to be evaluated: what follows is not final"]
