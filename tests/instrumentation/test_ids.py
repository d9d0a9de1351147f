"""Prediction ids."""

from __future__ import annotations

import uuid

import numpy as np

from miops.ids import ROW_LIMIT, IdSpace, PredictionIds, texts


def test_single_and_bulk_ids_are_the_same_and_valid() -> None:
    space = IdSpace()
    time = 1_700_000_000_123_456_789
    rows = np.array([0, 1, 5])
    call = space.next_call(6)
    bulk = texts(space.many(np.full(3, time), np.full(3, call), rows))

    assert bulk == [str(space.one(time, call, row)) for row in rows]
    assert [(uuid.UUID(one).version, uuid.UUID(one).variant) for one in bulk] == [(7, uuid.RFC_4122)] * 3
    assert {uuid.UUID(one).int >> 80 for one in bulk} == {1_700_000_000_123}
    assert list(PredictionIds(space, time, call, 2, None)) == bulk[:2]


def test_calls_beyond_the_row_limit_keep_their_numbers_to_themselves() -> None:
    space = IdSpace()
    first = space.next_call(2 * ROW_LIMIT)
    second = space.next_call(1)

    assert space.one(0, first, 2 * ROW_LIMIT - 1) != space.one(0, second, 0)


def test_processes_have_their_own_ids() -> None:
    assert len({IdSpace().one(0, 1, 0) for _ in range(100)}) > 95
