"""The panes of many models are written together; what could not be written is written later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from miops_collector.errors import StoreError
from miops_collector.monitored import Unsaved
from miops_collector.report import ModelKey
from miops_collector.saving import MOST_MODELS, Saving
from miops_collector.stores._store import Marks, PaneChanges

KEYS = [ModelKey(f"m{i}", "1") for i in range(3)]


class Little:
    """A model that only takes part in saving."""

    def __init__(self, key: ModelKey) -> None:
        self.key = key
        self.alone: list[Unsaved] = []
        self.written: list[Unsaved] = []

    def save(self, store: Store, unsaved: Unsaved) -> None:
        self.alone.append(unsaved)
        store.put(self.key)
        self.is_saved(unsaved)

    def is_saved(self, unsaved: Unsaved) -> None:
        self.written.append(unsaved)


class Store:
    """Refuses models by name, and everything together if one of them is refused."""

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.commits: list[tuple[list[str], dict[str, str]]] = []

    def put(self, key: ModelKey) -> None:
        if key.name == self.refused:
            raise StoreError(key.name)

    def put_many_panes(self, changes: list[PaneChanges], state: dict[str, str]) -> None:
        for one in changes:
            self.put(one.model)
        self.commits.append(([c.model.name for c in changes], state))


class Noted:
    """Errors by model."""

    def __init__(self) -> None:
        self.errors: list[ModelKey] = []

    @contextmanager
    def guarded(self, key: ModelKey) -> Iterator[None]:
        try:
            yield
        except StoreError:
            self.errors.append(key)


def unsaved(key: ModelKey, *, moved: bool = True, data: bytes = b"pane") -> Unsaved:
    changes = PaneChanges(key, "layout", Marks(1, 1), {(300, 0): data}, [])
    return Unsaved(changes, moved, f"agenda {key.name}", "due", 5)


def saved(store: Store, keys: list[ModelKey], noted: Noted) -> list[Little]:
    models = [Little(key) for key in keys]
    saving = Saving(store, noted.guarded)  # type: ignore[arg-type]
    for i, model in enumerate(models):
        saving.add(model, unsaved(model.key, moved=i != 1))  # type: ignore[arg-type]
    saving.add(models[0], None)  # type: ignore[arg-type]
    saving.write()
    saving.write()
    return models


def test_many_models_are_one_commit() -> None:
    store, noted = Store(), Noted()

    models = saved(store, KEYS, noted)

    assert store.commits == [(["m0", "m2"], {f"agenda m{i}": "due" for i in range(3)})]
    assert [len(m.written) for m in models] == [1, 1, 1]
    assert [m.alone for m in models] == [[], [], []]
    assert noted.errors == []


def test_one_model_that_is_refused_keeps_no_other_from_it() -> None:
    store, noted = Store(refused="m2"), Noted()

    models = saved(store, KEYS, noted)

    assert store.commits == []
    assert [len(m.written) for m in models] == [1, 1, 0]
    assert noted.errors == [KEYS[2]]


def test_one_model_is_written_as_ever() -> None:
    store = Store()

    (model,) = saved(store, KEYS[:1], Noted())

    assert store.commits == []
    assert len(model.alone) == len(model.written) == 1


@pytest.mark.parametrize(("count", "data", "commits"), [(MOST_MODELS + 2, b"", 2), (4, bytes(17 << 20), 2)])
def test_a_commit_is_bounded(count: int, data: bytes, commits: int) -> None:
    store, noted = Store(), Noted()
    saving = Saving(store, noted.guarded)  # type: ignore[arg-type]
    for i in range(count):
        model = Little(ModelKey(f"m{i}", "1"))
        saving.add(model, unsaved(model.key, data=data))  # type: ignore[arg-type]
    saving.write()

    assert len(store.commits) == commits
    assert sum(len(names) for names, _ in store.commits) == count
    assert noted.errors == []
