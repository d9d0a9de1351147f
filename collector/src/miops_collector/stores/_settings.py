"""What a store is told by the code that opens it."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.window import parse_length

__all__ = ["StoreSettings"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Bounds of a store. Lengths are nanoseconds of event time.

    Attributes
    ----------
    deduplicate_for
        A row whose prediction id is stored already is a repeat if its event time is at most this far from the
        stored row's; farther apart it is another prediction. Repeats of the same event time are always found.
    fingerprints
        How many of the newest prediction ids are kept in memory to recognise repeats, 13 to 27 bytes each. Repeats of
        older ones are found too, by reading the slice of time they lie in.
    entity_horizon
        Truth that names an entity is about its latest prediction at most this much older than the named time.
    memory_mib
        What the database may use for its buffers; bigger joins go to disk.
    log_mib
        Size of the write-ahead log at which it is folded into the file.
    minimum_free_mib
        With less free space on the disk commits are refused before they can fail.
    """

    deduplicate_for: int = parse_length("7d")
    fingerprints: int = 8_388_608
    entity_horizon: int = parse_length("30d")
    memory_mib: int = 448
    log_mib: int = 16
    minimum_free_mib: int = 512
