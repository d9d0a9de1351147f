"""Alerts and small state: the newest of each open alert, every resolved one, and texts by key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from miops_collector.report import Alert, ModelKey
from miops_collector.stores._database import DERIVED, Database
from miops_collector.window import Window

__all__ = ["Alerts"]

SCHEMA = """
CREATE TABLE derived.main.alerts (identity VARCHAR, since BIGINT, until BIGINT, alert VARCHAR);
CREATE TABLE derived.main.state (key VARCHAR, value VARCHAR);
"""
MOST_RESOLVED = 1000
"""Resolved alerts that are given back; older ones stay in the file."""


class Alerts:
    """Both are a handful of rows, written by the tick."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, alerts: Sequence[Alert]) -> None:
        """An open alert replaces the open one of its identity; a resolved one stays; an inactive one is forgotten."""
        if not alerts:
            return
        with self._database.transaction(DERIVED) as connection:
            for alert in alerts:
                identity = json.dumps(alert.identity)
                connection.execute(
                    "DELETE FROM derived.main.alerts WHERE identity = ? AND (until = 0 OR since = ?)",
                    [identity, alert.since],
                )
                if alert.state != "inactive":
                    row = [identity, alert.since, alert.until, _to_json(alert)]
                    connection.execute("INSERT INTO derived.main.alerts VALUES (?, ?, ?, ?)", row)

    def get(self) -> tuple[Alert, ...]:
        """Open alerts, then resolved ones, each newest first."""
        found = self._database.fetch(
            "SELECT alert FROM derived.main.alerts ORDER BY until = 0 DESC, since DESC, identity"
            f" LIMIT {MOST_RESOLVED} + (SELECT count(*) FROM derived.main.alerts WHERE until = 0)"
        )
        return tuple(_from_json(text) for (text,) in found)

    def put_state(self, key: str, value: str) -> None:
        with self._database.transaction(DERIVED) as connection:
            connection.execute("DELETE FROM derived.main.state WHERE key = ?", [key])
            connection.execute("INSERT INTO derived.main.state VALUES (?, ?)", [key, value])

    def state(self, key: str) -> str:
        """The text last put under this key, or an empty one."""
        found = self._database.fetch("SELECT value FROM derived.main.state WHERE key = ?", [key])
        return str(found[0][0]) if found else ""


def _to_json(alert: Alert) -> str:
    values: dict[str, Any] = {f.name: getattr(alert, f.name) for f in fields(alert)}
    values["model"] = [alert.model.name, alert.model.version]
    values["window"] = [alert.window.start, alert.window.end]
    values["evidence"] = dict(alert.evidence)
    return json.dumps(values)


def _from_json(text: str) -> Alert:
    values = json.loads(text)
    values["model"], values["window"] = ModelKey(*values["model"]), Window(*values["window"])
    values["examples"], values["traces"] = tuple(values["examples"]), tuple(values.get("traces", ()))
    return Alert(**values)
