from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.repeats import repeated_times
from miops_collector.schema import Records
from miops_collector.stores._store import Stored
from tests.collector.little_model import START, predictions


def stored(numbers: list[int], times: list[int], known: set[int]) -> Stored:
    """As a store that knows these numbers already: it keeps the first row of every other id."""
    sent: Records = predictions(numbers, [START + t for t in times])
    kept = [i for i, n in enumerate(numbers) if n not in known and n not in numbers[:i]]
    return Stored(sent, sent.table.take(pa.array(kept, pa.int64())), len(numbers) - len(kept))


def times(*group: Stored) -> list[int]:
    return [t - START for t in repeated_times(group).tolist()]


def test_without_repeats_there_are_no_times() -> None:
    assert times() == []
    assert times(stored([1, 2], [0, 1], set())) == []


def test_each_repeat_has_its_own_time() -> None:
    assert times(stored([1, 2, 3], [10, 20, 30], {2, 3})) == [20, 30]


def test_of_an_id_twice_in_one_request_the_first_is_no_repeat() -> None:
    assert times(stored([1, 2, 1, 1], [10, 20, 30, 40], {2})) == [20, 30, 40]


def test_everything_may_be_a_repeat() -> None:
    assert times(stored([1, 2], [10, 20], {1, 2}), stored([3], [30], {3})) == [10, 20, 30]


def test_tables_in_pieces_are_as_good_as_whole_ones() -> None:
    whole = stored([1, 2, 1], [10, 20, 30], {2})
    pieces = pa.concat_tables([whole.records.table.slice(i, 1) for i in range(3)])
    sent = Records("predictions", "credit", pieces)

    assert times(Stored(sent, whole.table, whole.duplicates)) == [20, 30]
    assert pc.max(pieces["time"]).as_py() == START + 30
