"""What is no whole row group waits in one table, each piece as one value, and is written by column when it is one.

A commit of five hundred rows into thirty columns costs as much as one of two thousand, for every table it touches, and
is compressed again at each checkpoint. As one value it costs a third, and a thousand tables cost one INSERT. Rows are
moved to their tables in one transaction with leaving the journal, so each is always in exactly one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from miops_collector.errors import StoreError
from miops_collector.stores._database import DATA, ROW_GROUP, Connection, Database
from miops_collector.stores._inserts import Inserts
from miops_collector.stores._registry import JOURNAL
from miops_collector.stores._rows import VECTOR, Piece, at_once

__all__ = ["ENOUGH", "MOST", "Journal"]

MOST = 16 << 20
"""Bytes that may wait, in memory and in the log."""
ENOUGH = 4 * ROW_GROUP
"""Rows of a table that are worth moving: of four whole row groups the database leaves the smaller rest alone."""
LARGE = ROW_GROUP * 3 // 4
"""Rows beside whole row groups that may be one as they are."""
WORD = 8


@dataclass(eq=False)
class _Waiting:
    """Committed pieces of one table, oldest first, as Arrow streams."""

    bodies: list[pa.Buffer] = field(default_factory=list)
    rows: int = 0
    cost: int = 0

    def add(self, body: pa.Buffer, batch: pa.Table) -> None:
        self.bodies.append(body)
        self.rows += batch.num_rows
        self.cost += max(body.size, WORD * batch.num_rows * batch.num_columns)

    def table(self) -> pa.Table:
        """All rows in one; columns that a piece lacks are null in it."""
        return pa.concat_tables([_unpacked(body) for body in self.bodies], promote_options="default")


class Journal:
    """What is committed and in no table yet. Used under the lock of the writer."""

    def __init__(self, database: Database, inserts: Inserts, newest: int) -> None:
        self._database = database
        self._inserts = inserts
        self._upto = newest
        self._waiting: dict[str, _Waiting] = {}
        self._unsure = False
        self._read()

    @property
    def cost(self) -> int:
        """Bytes, or those of as many numbers where they are packed more tightly."""
        return sum(waiting.cost for waiting in self._waiting.values())

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def split(self, pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
        """What goes into its table at once, whole row groups of it, and what had better wait.

        The database compresses small row groups once more at the next checkpoint, together with their neighbours. Rows
        so wide that few of them fill the journal do not wait.
        """
        if self.cost > MOST:
            return list(pieces), []
        whole: list[Piece] = []
        rest: list[Piece] = []
        for path, batch in pieces:
            over = batch.num_rows % ROW_GROUP
            waits = over * batch.num_columns * WORD <= MOST // 4 and (over < LARGE or over == batch.num_rows)
            at = batch.num_rows - (over if waits else 0)
            whole += [(path, batch.slice(0, at))] if at else []
            rest += [(path, batch.slice(at))] if at < batch.num_rows else []
        return whole, rest

    def pack(self, pieces: Sequence[Piece], seq: int) -> pa.Table:
        """Pieces as rows of the journal."""
        paths = pa.array([path for path, _ in pieces], pa.string())
        bodies = _packed([batch for _, batch in pieces])
        return pa.table({"seq": pa.array(np.full(len(pieces), seq)), "path": paths, "body": bodies})

    def note(self, seq: int, pieces: Sequence[Piece], packed: pa.Table) -> None:
        """They are committed. Each body is copied: one that waits long must not keep those beside it in memory."""
        self._upto = seq
        for (path, batch), body in zip(pieces, packed.column("body").to_pylist(), strict=True):
            self._waiting.setdefault(path, _Waiting()).add(pa.py_buffer(body), batch)

    def due(self, *, full: bool) -> int | None:
        """How many bytes may go on waiting, if it is time to move the others; ``full`` says that the log is."""
        if not self._waiting:
            return None
        rows, tables = sum(w.rows for w in self._waiting.values()), len(self._waiting)
        if rows >= (VECTOR if full else ENOUGH) * tables:
            return 0
        return MOST // 2 if self.cost >= MOST else None

    def settle(self, keep: int = 0) -> Iterator[int]:
        """Move rows to their tables, of the fullest first, until no more than so many bytes wait.

        After each transaction it gives the number of tables written in it. Whether a transaction that failed is on disk
        after all is not known, so what waits is then read from the file before anything else is moved.
        """
        if self._unsure:
            self._read()
        pieces = ((path, self._waiting[path].table()) for path in self._fullest(keep))
        for some in at_once(pieces):
            self._unsure = True
            with self._database.writing(DATA) as connection:
                for path, batch in some:
                    self._inserts.prepare(connection, path, batch.schema)
            with self._database.transaction(DATA) as connection:
                self._move(connection, some)
            self._unsure = False
            for path, _ in some:
                del self._waiting[path]
            yield len(some)

    def _fullest(self, keep: int) -> list[str]:
        chosen, left = [], self.cost
        for path in sorted(self._waiting, key=lambda path: self._waiting[path].rows, reverse=True):
            if left <= keep:
                break
            chosen.append(path)
            left -= self._waiting[path].cost
        return chosen

    def _move(self, connection: Connection, pieces: Sequence[Piece]) -> None:
        for path, batch in pieces:
            self._inserts.insert(connection, path, batch)
        paths = [path for path, _ in pieces]
        chosen = "path IN (SELECT unnest($paths::VARCHAR[])) AND seq <= $upto"
        connection.execute(f"DELETE FROM {JOURNAL} WHERE {chosen}", {"paths": paths, "upto": self._upto})

    def _read(self) -> None:
        """What waits by the file; of a commit that is not known to be finished nothing is taken."""
        found: dict[str, _Waiting] = {}
        sql = f"SELECT path, body FROM {JOURNAL} WHERE seq <= ? ORDER BY seq"
        for path, body in self._database.fetch(sql, [self._upto]):
            buffer = pa.py_buffer(body)
            found.setdefault(path, _Waiting()).add(buffer, _unpacked(buffer))
        self._waiting = found
        self._unsure = False


def _packed(batches: Sequence[pa.Table]) -> pa.Array:
    """One Arrow stream each, all in one buffer."""
    sink = pa.BufferOutputStream()
    ends = [0]
    for batch in batches:
        plain = pa.table(dict(zip(batch.column_names, map(_plain, batch.columns), strict=True)))
        with pa.ipc.new_stream(sink, plain.schema) as writer:
            writer.write_table(plain)
        ends.append(sink.tell())
    offsets = pa.array(ends, pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.binary(), len(batches), [None, offsets, sink.getvalue()])


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts in one form, whatever they came in: pieces of a table are put together again."""
    text = pa.types.is_dictionary(column.type) or pa.types.is_large_string(column.type)
    return column.cast(pa.string()) if text else column


def _unpacked(body: pa.Buffer) -> pa.Table:
    try:
        return pa.ipc.open_stream(body).read_all()
    except pa.ArrowException as error:
        msg = f"the journal holds what cannot be read: {error}"
        raise StoreError(msg) from error
