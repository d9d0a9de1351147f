"""What a store owes: commit rows, join truth, keep panes, references and observations; recover after a crash."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from miops.semconv import PRIMARY
from miops_collector.report import ModelKey, Observation
from miops_collector.schema import Records

__all__ = [
    "Appended",
    "Failures",
    "Marks",
    "ModelInfo",
    "ObservationQuery",
    "Pairs",
    "PaneChanges",
    "Store",
    "Stored",
    "StoredReference",
]


@dataclass(frozen=True, slots=True)
class Stored:
    """What of one :class:`Records` is new: its table without rows that were there already, in the given order."""

    records: Records
    table: pa.Table
    duplicates: int


@dataclass(frozen=True, slots=True)
class Appended:
    """Result of one commit. ``seq`` numbers commits and rises by one; 0 is before the first."""

    seq: int
    stored: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """Up to which commit a model version's panes contain rows, and truth joined with rows."""

    rows: int = 0
    truth: int = 0


@dataclass(frozen=True, slots=True)
class PaneChanges:
    """Changed panes of one model version by (length, start), those that are no more, and the marks of all of them."""

    model: ModelKey
    layout_id: str
    marks: Marks
    panes: Mapping[tuple[int, int], bytes]
    removed: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows of two versions, by time, and how many rows of each name an entity in that time.

    ``table`` has ``time`` of the earlier row, ``one_number``, ``one_text``, ``one_score``, the same of ``other``, and
    ``truth_number``, ``truth_text``, both null where no truth is known.
    """

    table: pa.Table
    rows: int
    other_rows: int


@dataclass(frozen=True, slots=True)
class Failures:
    """Rows that a model failed on by one class of error: how many, when, and ids of the newest."""

    error_type: str
    rows: int
    first: int
    last: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredReference:
    """Reference of a model version: its layout, and its own summaries as a pane would hold them.

    ``sample`` is some of its rows as an Arrow stream, empty where none were kept.
    """

    layout_json: str
    vector: bytes  # float64
    extremes: bytes  # float64
    origin: str  # file, event or auto
    rows: int
    created_at: int
    sample: bytes = b""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the store knows of one model version. Times are nanoseconds, 0 when there are no rows."""

    key: ModelKey
    task: str = ""
    classes: tuple[str, ...] = ()
    positive_class: str = ""
    sensitive: tuple[str, ...] = ()
    framework: str = ""
    role: str = PRIMARY  # as the newest rows say
    first_seen: int = 0
    last_seen: int = 0
    rows: int = 0
    labelled: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)  # source name -> number | text | boolean


@dataclass(frozen=True, slots=True)
class ObservationQuery:
    """Filters of ``GET /api/v1/observations``; empty means any. ``cursor`` continues a former answer."""

    model: str = ""
    version: str = ""
    metric: str = ""
    column: str = ""
    segment: str = ""
    window: str = ""
    start: int = 0  # windows that end after
    end: int = 0  # windows that start before
    limit: int = 1000
    cursor: str = ""


class Store(Protocol):
    """One writer thread calls ``append``; any thread may call the rest."""

    def append(self, records: Sequence[Records]) -> Appended:
        """Commit predictions and ground truth durably in one transaction; rows already there are left out.

        Raises
        ------
        StoreError
            Nothing was committed; the same records may be given again.
        """
        ...

    def newest(self) -> int:
        """``seq`` of the newest commit."""
        ...

    def rows(self, model: ModelKey, *, after: int, upto: int) -> Iterator[pa.Table]:
        """Predictions of commits ``after < seq <= upto`` in bounded pieces, columns as appended (schema.py)."""
        ...

    def truth_changes(
        self, model: ModelKey, *, after: int, upto: int, columns: Collection[str] | None = None
    ) -> Iterator[pa.Table]:
        """What joined pairs of prediction and latest truth changed between two commits.

        Columns of the prediction, ``truth_number``, ``truth_text`` and ``sign`` (double): +1 for a pair that holds at
        ``upto`` and did not at ``after``, -1 for one that held at ``after`` and does not any more. Summing all changes
        from 0 gives every pair once. ``columns`` names those of the prediction that are
        wanted: reading all of a wide table takes several times as long as reading a few.
        """
        ...

    def models(self) -> tuple[ModelInfo, ...]: ...

    def prediction(self, prediction_id: str) -> dict[str, Any] | None:
        """One prediction with its truth, JSON-ready, or ``None``."""
        ...

    def examples(self, model: ModelKey, *, start: int, end: int, where: Mapping[str, Any], limit: int) -> list[str]:
        """Prediction ids of a time range, newest first, whose column fulfils ``where``.

        ``where`` is empty, or has ``source`` and one of ``missing`` (true or false), ``fault`` (true), ``below``,
        ``above`` (numbers), ``equals``, ``not_in`` (texts). The source ``prediction`` is the value. ``decided`` besides
        names texts of which the value is one, ``also`` the text that each of other columns equals. Or it has ``wrong``
        or ``unsure``, the score of a model that does not know, or ``error`` (true): then decisions that truth
        contradicts come, the surest first; rows of which the model was least sure; values that were farthest from
        truth.
        """
        ...

    def sample(self, model: ModelKey, *, start: int, end: int, columns: Collection[str], rows: int) -> pa.Table | None:
        """At most so many predictions of a time range with these columns, or ``None`` if it has none.

        A hash of the prediction id chooses, so that the same rows give the same sample, and rows that come late change
        no more of it than they are.
        """
        ...

    def failures(self, model: ModelKey, *, start: int, end: int, examples: int) -> list[Failures]:
        """What a model failed by in ``[start, end)``, the most frequent first, with so many ids of the newest rows."""
        ...

    def pairs(self, one: ModelKey, other: ModelKey, *, start: int, end: int, within: int, rows: int) -> Pairs:
        """Rows of two versions of a model about the same entity, of ``[start, end)``; of each the newest ``rows``.

        All rows about an entity are put in order of time. Two neighbours of different versions are a pair if they are
        at most ``within`` nanoseconds apart, and neither is nearer to such a neighbour on its other side (of two
        equally near it is the earlier). So no row is in two pairs. What is true of either row is true of the pair;
        truth that names the entity is about its latest pair at or before its time. The latest truth holds.
        """
        ...

    def put_reference(self, model: ModelKey, reference: StoredReference, table: pa.Table | None) -> None: ...
    def reference(self, model: ModelKey) -> StoredReference | None: ...

    def reference_rows(self, model: ModelKey) -> Iterator[pa.Table]:
        """Rows of the newest reference given for this model version, as appended."""
        ...

    def put_panes(self, model: ModelKey, layout_id: str, marks: Marks, panes: Mapping[tuple[int, int], bytes],
                  removed: Sequence[tuple[int, int]]) -> None:  # fmt: skip
        """Save changed panes by (length, start) together with their marks, atomically; drop ``removed`` ones."""
        ...

    def put_many_panes(self, changes: Sequence[PaneChanges], state: Mapping[str, str]) -> None:
        """Save those of many model versions, and texts by key, in one commit: all or nothing."""
        ...

    def panes(self, model: ModelKey, layout_id: str) -> tuple[Marks, dict[tuple[int, int], bytes]]:
        """All saved panes of this layout, or ``(Marks(), {})``."""
        ...

    def put_observations(self, observations: Sequence[Observation]) -> None:
        """Upsert by identity and window start; segments that a window names no more go."""
        ...

    def observations(self, query: ObservationQuery) -> tuple[list[Observation], str]:
        """Newest window first, with the cursor of the next page or an empty text."""
        ...

    def put_state(self, key: str, value: str) -> None:
        """Small durable state by key (alarm books, dispersion …), JSON text."""
        ...

    def state(self, key: str) -> str: ...

    def forget(self, model: ModelKey, *, before: int, upto: int, at_most: int) -> int:
        """Delete predictions older than ``before``, about ``at_most`` of the oldest; how many it were.

        Only rows of commits up to ``upto`` that saved panes contain, with their truth: panes and observations stay.
        Truth that comes for such a row later waits until it is :meth:`forget_truth`'s turn.
        """
        ...

    def forget_truth(self, *, before: int, upto: int, at_most: int) -> int:
        """Delete truth of an event time older than ``before``, about ``at_most`` of the oldest; how many it were.

        Only of commits up to ``upto`` that the saved panes of all models contain, and that no stored prediction holds:
        panes and observations stay. A prediction that comes later than this for truth that was waiting has none.
        """
        ...

    def ready(self) -> str:
        """Empty when commits can be expected to succeed, else why not."""
        ...

    def close(self) -> None: ...
