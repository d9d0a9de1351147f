from __future__ import annotations

import pytest

from miops_collector.memory_shares import BYTES_OF_FINGERPRINT, COPIES, LEAST_MIB, MIB, STARTED, MemoryShares


@pytest.mark.parametrize("mib", [LEAST_MIB, 1024, 4096])
def test_shares_leave_a_quarter_of_what_the_start_leaves(mib: int) -> None:
    shares = MemoryShares(mib * MIB)

    given = (
        shares.database,
        shares.prediction_ids * BYTES_OF_FINGERPRINT,
        shares.waiting,
        shares.at_the_door,
        shares.group * COPIES,
    )

    assert min(given) > 4 * MIB
    assert STARTED + sum(given) <= mib * MIB - (mib * MIB - STARTED) // 4


def test_groups_do_not_grow_without_end() -> None:
    assert MemoryShares(1 << 40).group == 32 * MIB
