"""How a model version comes by its reference: rows it was given, its own first rows, or none yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from miops_collector.accepting import ACCEPTED, FEWEST, SMALL
from miops_collector.binning import summarise, summarise_truth
from miops_collector.columns import Rows
from miops_collector.compared_with import Reference
from miops_collector.config import Config, ModelConfig
from miops_collector.errors import InputError
from miops_collector.layout import Layout, Summaries
from miops_collector.panes import PaneSet
from miops_collector.reference import build_layout, provisional_layout
from miops_collector.reference.columns import NO_DEFINITION, DefinitionEdges
from miops_collector.report import ModelKey
from miops_collector.sampling import reference_sample
from miops_collector.schema import Records
from miops_collector.stores._store import ModelInfo, Store, StoredReference
from miops_collector.summarise import answered, rows_of
from miops_collector.window import Window

__all__ = ["Said", "automatic_reference", "given_reference", "plain_layout", "summarised_again"]

WHOLE_TIME = 2**62
"""Length of the one pane a reference's summaries are collected in."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a model; empty where nothing was said."""

    task: str = ""
    classes: tuple[str, ...] = ()
    positive_class: str = ""
    sensitive: tuple[str, ...] = ()
    origin: str = "given"

    @classmethod
    def by(cls, records: Records) -> Said:
        """By the sender of these rows."""
        origin = ACCEPTED if records.reference_id.startswith(f"{ACCEPTED}:") else "given"
        return cls(records.task, records.classes, records.positive_class, records.sensitive, origin)

    @classmethod
    def of(cls, info: ModelInfo) -> Said:
        """By the telemetry of the model so far."""
        return cls(info.task, info.classes, info.positive_class, info.sensitive)

    @classmethod
    def in_config(cls, config: Config, model: str) -> Said:
        said = config.models.get(model, ModelConfig())
        return cls(said.task, (), said.positive_class, said.sensitive)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Said:
        """As it was written with :func:`dataclasses.asdict`."""
        return cls(
            data["task"], tuple(data["classes"]), data["positive_class"], tuple(data["sensitive"]),
            data.get("origin", "given"),
        )  # fmt: skip

    def or_else(self, other: Said) -> Said:
        """The same, with the other's word where nothing was said here."""
        return Said(
            self.task or other.task,
            tuple(self.classes or other.classes),
            self.positive_class or other.positive_class,
            tuple(self.sensitive or other.sensitive),
            self.origin,
        )


def given_reference(
    table: pa.Table, key: ModelKey, said: Said, config: Config, *, origin: str, created_at: int
) -> Reference:
    """A reference made of these rows (schema of ``reference``); configuration wins over what was said with them.

    Raises
    ------
    InputError
        If there are too few rows.
    """
    if table.num_rows < FEWEST:
        msg = (
            f"a reference of {table.num_rows} rows for model {key.name!r} is too small: "
            f"give at least {FEWEST}, better {SMALL}"
        )
        raise InputError(msg)
    known = Said.in_config(config, key.name).or_else(said)
    layout = build_layout(
        rows_of(table, scored=known.classes),
        task=known.task,
        classes=known.classes,
        positive_class=known.positive_class,
        sensitive=known.sensitive,
        bins=config.bins,
        low_confidence=config.low_confidence,
        origin=origin,
        definition_edges=_definition_edges(config.definitions_of(key.name)),
    )
    rows = rows_of(table, classes=layout.classes, scored=known.classes)
    summaries = _with_thresholds(_summaries(layout, rows), rows, key.name, config)
    sample = reference_sample(table, layout, config)
    return Reference(summaries.layout, summaries, table.num_rows, created_at, sample)


def summarised_again(stored: StoredReference, pieces: Iterable[pa.Table]) -> Reference | None:
    """A reference that another release has summarised, from its rows and by its own edges, classes and groups.

    ``None`` if the rows are others or gone, or if only who sent them knew which score is of which class.
    """
    layout, tables = Layout.from_json(stored.layout_json), list(pieces)
    if layout.class_scores or sum(table.num_rows for table in tables) != stored.rows:
        return None
    rows = rows_of(pa.concat_tables(tables, promote_options="permissive"), classes=layout.classes)
    return Reference(layout, _summaries(layout, rows), stored.rows, stored.created_at, stored.sample)


def automatic_reference(store: Store, info: ModelInfo, config: Config, now: int) -> Reference | None:
    """The model's first rows as its reference, once there are enough; ``None`` before, or if that is not wanted."""
    if config.reference != "auto" or info.rows < config.reference_rows:
        return None
    pieces, rows = [], 0
    for table in store.rows(info.key, after=0, upto=store.newest()):
        pieces.append(answered(table).slice(0, config.reference_rows - rows))
        rows += pieces[-1].num_rows
        if rows >= config.reference_rows:
            break
    if rows < config.reference_rows:  # the others are rows that the model failed on
        return None
    table = pa.concat_tables(pieces, promote_options="permissive")
    return given_reference(table, info.key, Said.of(info), config, origin="auto", created_at=now)


def plain_layout(info: ModelInfo, config: Config) -> Layout:
    """The layout of a model without a reference: what can be counted without edges."""
    known = Said.in_config(config, info.key.name).or_else(Said.of(info))
    return provisional_layout(
        info.columns,
        task=known.task,
        classes=known.classes,
        positive_class=known.positive_class,
        low_confidence=config.low_confidence,
    )


def _definition_edges(name: str) -> DefinitionEdges:
    """What another tool's definition freezes with the reference. Imported only where asked for: it takes SciPy."""
    if name == "miops":
        return NO_DEFINITION
    from miops_collector.statistics.definitions import DEFINITIONS

    return DEFINITIONS[name].edges, DEFINITIONS[name].also


def _with_thresholds(summaries: Summaries, rows: Rows, model: str, config: Config) -> Summaries:
    """The same with thresholds that another tool's definition takes from chunks of the rows."""
    name = config.definitions_of(model)
    if name == "miops":
        return summaries
    from miops_collector.chunked import with_thresholds
    from miops_collector.statistics.definitions import DEFINITIONS

    layout = with_thresholds(summaries.layout, summaries, rows, DEFINITIONS[name], config.window_nanos)
    return replace(summaries, layout=layout)


def _summaries(layout: Layout, rows: Rows) -> Summaries:
    """All rows in one pane, their truth with them."""
    panes = PaneSet(layout, WHOLE_TIME, ((WHOLE_TIME, 0),))
    still = np.zeros(len(rows), dtype=np.int64)
    everything = Rows(
        still, rows.weight, rows.duration, rows.value, rows.score, rows.class_scores, rows.columns, rows.truth
    )
    panes.add(summarise(layout, everything, WHOLE_TIME))
    if rows.truth is not None:
        panes.add(summarise_truth(layout, everything, WHOLE_TIME))
    return panes.window(Window(0, WHOLE_TIME))
