"""Small durable state: texts by key, such as the books of the alarms."""

from __future__ import annotations

from miops_collector.stores._database import DERIVED, Database

__all__ = ["State"]

SCHEMA = "CREATE TABLE derived.main.state (key VARCHAR, value VARCHAR);"


class State:
    """A handful of rows, written by the tick."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, key: str, value: str) -> None:
        with self._database.transaction(DERIVED) as connection:
            connection.execute("DELETE FROM derived.main.state WHERE key = ?", [key])
            connection.execute("INSERT INTO derived.main.state VALUES (?, ?)", [key, value])

    def get(self, key: str) -> str:
        """The text last put under this key, or an empty one."""
        found = self._database.fetch("SELECT value FROM derived.main.state WHERE key = ?", [key])
        return str(found[0][0]) if found else ""
