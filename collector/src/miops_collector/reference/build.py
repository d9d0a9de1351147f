"""The layout that is frozen with a reference, and the plain one that serves until there is a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from miops.semconv import TASKS
from miops_collector.binning.segments import losses_of
from miops_collector.classes import class_names
from miops_collector.columns import Numbers, Rows, Texts
from miops_collector.layout import ColumnLayout, GroupAxis, Layout
from miops_collector.reference.axes import group_axes
from miops_collector.reference.columns import (
    NO_DEFINITION,
    DefinitionEdges,
    class_column,
    feature_column,
    numeric_column,
)
from miops_collector.reference.naming import PREDICTION, SCORE, named, role_of
from miops_collector.reference.scores import are_probabilities, has_class_scores, score_edges
from miops_collector.reference.segments import segment_axes
from miops_collector.reference.tasks import MOST_CLASSES, Kind, kind_of, said_kind

__all__ = ["build_layout", "provisional_layout"]

BINS = 128
MOST_CATEGORIES = 200
LOW_CONFIDENCE = 0.6


def build_layout(
    rows: Rows,
    *,
    task: str = "",
    classes: Sequence[str] = (),
    positive_class: str = "",
    sensitive: Sequence[str] = (),
    bins: int = BINS,
    categorical_limit: int = MOST_CATEGORIES,
    low_confidence: float = LOW_CONFIDENCE,
    origin: str = "file",
    definition_edges: DefinitionEdges = NO_DEFINITION,
) -> Layout:
    """Freeze what a reference says: columns, edges, categories, classes, groups.

    Parameters
    ----------
    rows
        The reference. Class scores may be in any order of the classes.
    task, classes, positive_class
        As far as they are known; else they are taken from the rows (see ``tasks.py``).
    sensitive
        Names or sources of columns to compare groups of (see ``axes.py``). Those the reference lacks are left out:
        ``layout.axes`` names the rest.
    bins
        Of numeric columns, at most. Ties make fewer.
    categorical_limit
        Categories told apart. Beyond it the rarer ones are pooled as ``other (n more)``; a category counts as unseen
        only if the reference does not have it at all, and where many are there once nothing does: see ``columns.py``.
    definition_edges
        What another tool's definition freezes of numeric columns.
    """
    kind = kind_of(rows, task=task, classes=classes, positive_class=positive_class)
    names = named(rows.columns)
    columns = [
        feature_column(
            name, s, role_of(s), rows.columns[s], rows.weight,
            bins=bins, limit=categorical_limit, definition=definition_edges,
        )
        for s, name in names.items()
    ]  # fmt: skip
    layout = Layout(
        task=kind.task,
        columns=(*columns, *_outputs(rows, kind, bins, categorical_limit, definition_edges)),
        classes=kind.classes,
        positive=kind.positive,
        score_edges=tuple(score_edges(rows).tolist()) if kind.positive >= 0 else (),
        probabilities=bool(kind.classes) and are_probabilities(rows),
        class_scores=has_class_scores(rows, len(kind.classes)),
        axes=_axes(rows, columns, sensitive, kind),
        truth_center=_truth_center(rows),
        low_confidence=low_confidence,
        origin=origin,
    )
    return replace(layout, segments=segment_axes(columns, rows, losses_of(layout, rows)))


def provisional_layout(
    columns: Mapping[str, str],
    *,
    task: str = "",
    classes: Sequence[str] = (),
    positive_class: str = "",
    low_confidence: float = LOW_CONFIDENCE,
) -> Layout:
    """The layout of a model without a reference: no edges, no categories, no scores.

    Rows, latency, missing values, faults and moments are counted, and with known classes decisions and confusion.
    A reference makes another layout, into which the stored rows are binned anew.

    Parameters
    ----------
    columns
        ``number``, ``text`` or ``boolean`` by source name.
    """
    said = class_names(classes)
    kind = said_kind(task if task in TASKS else "", said if len(said) <= MOST_CLASSES else (), positive_class)
    plain = [
        ColumnLayout(name, source, role_of(source), "numeric" if columns[source] == "number" else "categorical")
        for source, name in named(columns).items()
    ]
    decided = ColumnLayout(
        PREDICTION, "value", "prediction", "categorical" if kind.classes else "numeric", categories=kind.classes
    )
    score = ColumnLayout(SCORE, "score", "score", "numeric")
    return Layout(kind.task, (*plain, decided, score), kind.classes, kind.positive, low_confidence=low_confidence)


def _outputs(rows: Rows, kind: Kind, bins: int, limit: int, definition: DefinitionEdges) -> list[ColumnLayout]:
    """The prediction, and the score if there is one."""
    if kind.classes:
        outputs = [class_column(PREDICTION, kind.classes, rows.value, rows.weight, limit=limit)]
    else:
        value = rows.value
        outputs = [
            numeric_column(PREDICTION, "value", "prediction", value, rows.weight, bins=bins, definition=definition)
        ]
    if np.isfinite(rows.score).any():
        score = Numbers(rows.score)
        outputs.append(numeric_column(SCORE, "score", "score", score, rows.weight, bins=bins, definition=definition))
    return outputs


def _axes(rows: Rows, columns: Sequence[ColumnLayout], sensitive: Sequence[str], kind: Kind) -> tuple[GroupAxis, ...]:
    wanted = dict.fromkeys(c for name in sensitive for c in columns if name in (c.name, c.source))
    chosen = list(wanted)
    return group_axes(chosen, [rows.columns[c.source] for c in chosen], rows.weight, max(len(kind.classes), 1))


def _truth_center(rows: Rows) -> float:
    if rows.truth is None or isinstance(rows.truth, Texts):
        return 0.0
    finite = rows.truth.values[np.isfinite(rows.truth.values)]
    center = float(finite.mean()) if len(finite) else 0.0
    return center if np.isfinite(center) else 0.0
