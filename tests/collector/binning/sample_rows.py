"""Rows of every kind of model, with everything that can be wrong with them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from miops_collector.columns import Column, Numbers, Rows, Texts
from miops_collector.layout import Layout
from miops_collector.reference import build_layout

PANE = 100
KINDS = ("binary", "margins", "named", "multiclass", "regression", "ranking")
CLASSES = {
    "binary": ("0", "1"),
    "margins": ("0", "1"),
    "named": ("bad", "good"),
    "multiclass": ("a", "b", "c", "d"),
    "regression": (),
    "ranking": (),
}
LISTED = ("ranking", "named")
"""Whose rows say their place in a list."""


@cache
def layout_of(kind: str) -> Layout:
    return build_layout(
        clean_rows(kind, 400, 7), task=kind if kind == "ranking" else "", sensitive=("sex", "age"), bins=16,
        categorical_limit=6, low_confidence=0.7,
    )  # fmt: skip


def clean_rows(kind: str, n: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    columns: dict[str, Column] = {
        "feature.amount": Numbers(rng.lognormal(size=n)),
        "feature.age": Numbers(rng.integers(18, 90, n).astype(np.float64)),
        "feature.flat": Numbers(np.full(n, 3.0)),
        "feature.city": texts(rng, n, ("x", "y", "z")),
        "feature.many": texts(rng, n, tuple("abcdefghijkl")),
        "context.sex": texts(rng, n, ("F", "M")),
    }
    if kind in LISTED:
        sizes = rng.choice([1, 3, 10, 40], n)
        columns["context.list_size"] = Numbers(sizes.astype(np.float64))
        columns["context.list_position"] = Numbers(np.floor(rng.random(n) * sizes) + 1)
    value, score, class_scores, truth = _outputs(kind, rng, n)
    return Rows(
        time=rng.integers(0, 5 * PANE, n),
        weight=np.ones(n),
        duration=rng.lognormal(-6, 2, n),
        value=value,
        score=score,
        class_scores=class_scores,
        columns=columns,
        truth=truth,
        sign=np.ones(n),
    )


def messy_rows(kind: str, n: int, seed: int, *, panes: int = 5) -> Rows:
    """Missing, infinite, foreign and wrongly typed values, weights, unknown classes, columns that did not come."""
    rng = np.random.default_rng(seed)
    rows = clean_rows(kind, n, seed)
    columns = {name: _spoil(rng, column) for name, column in rows.columns.items()}
    if rng.random() < 0.2:
        del columns["feature.flat"]
    if rng.random() < 0.2:
        columns["feature.amount"] = texts(rng, n, ("much", "little"))
    if rng.random() < 0.2:
        columns["feature.city"] = Numbers(rng.normal(size=n))
    truth = rows.truth
    assert truth is not None
    return replace(
        rows,
        time=rng.integers(-PANE, panes * PANE, n),
        weight=rng.choice([1.0, 1.0, 2.0, 0.5], n),
        duration=np.where(rng.random(n) < 0.2, rng.choice([np.nan, -1.0, 0.0, 1e9, np.inf], n), rows.duration),
        value=_spoil(rng, rows.value),
        score=np.where(rng.random(n) < 0.1, rng.choice([np.nan, -0.5, 1.5, 1.0, 0.0], n), rows.score),
        class_scores=None if rows.class_scores is None else _spoil_scores(rng, rows.class_scores),
        columns=columns,
        truth=_spoil(rng, truth),
        sign=rng.choice([1.0, 1.0, -1.0], n),
    )


def texts(rng: np.random.Generator, n: int, words: tuple[str, ...]) -> Texts:
    share = 0.5 ** np.arange(len(words))
    return Texts(rng.choice(len(words), n, p=share / share.sum()).astype(np.int32), words)


def pick(rows: Rows, chosen: np.ndarray) -> Rows:
    """Some of the rows."""

    def of(column: Column) -> Column:
        faults = None if column.faults is None else column.faults[chosen]
        if isinstance(column, Texts):
            return Texts(column.codes[chosen], column.words, faults)
        return Numbers(column.values[chosen], faults)

    return Rows(
        time=rows.time[chosen],
        weight=rows.weight[chosen],
        duration=rows.duration[chosen],
        value=of(rows.value),
        score=rows.score[chosen],
        class_scores=None if rows.class_scores is None else rows.class_scores[chosen],
        columns={name: of(column) for name, column in rows.columns.items()},
        truth=None if rows.truth is None else of(rows.truth),
        sign=None if rows.sign is None else rows.sign[chosen],
    )


def _outputs(kind: str, rng: np.random.Generator, n: int) -> tuple[Column, np.ndarray, np.ndarray | None, Column]:
    if kind in ("regression", "ranking"):
        truth = rng.normal(5.0, 2.0, n)
        return Numbers(truth + rng.normal(size=n)), np.full(n, np.nan), None, Numbers(truth)
    if kind == "multiclass":
        scores = rng.dirichlet(np.ones(4), n)
        words = CLASSES[kind]
        truth = np.array([rng.choice(4, p=p) for p in scores], np.int32)
        return Texts(scores.argmax(axis=1).astype(np.int32), words), scores.max(axis=1), scores, Texts(truth, words)
    score = rng.normal(size=n) if kind == "margins" else rng.random(n)
    decided = score > (0.0 if kind == "margins" else 0.5)
    happened = rng.random(n) < (1.0 / (1.0 + np.exp(-score)) if kind == "margins" else score)
    if kind == "named":
        return (
            Texts(decided.astype(np.int32), ("bad", "good")),
            score,
            None,
            Texts(happened.astype(np.int32), ("bad", "good")),
        )
    return Numbers(decided.astype(np.float64)), score, None, Texts(happened.astype(np.int32), ("false", "true"))


def _spoil(rng: np.random.Generator, column: Column) -> Column:
    n = len(column.codes) if isinstance(column, Texts) else len(column.values)
    faults = rng.random(n) < 0.05 if rng.random() < 0.5 else None
    hit = rng.random(n) < 0.2
    if isinstance(column, Texts):
        words = (*column.words, "never seen", "True", "1.0")
        codes = np.where(hit, rng.integers(-1, len(words), n), column.codes).astype(np.int32)
        return Texts(np.where(faults, -1, codes).astype(np.int32) if faults is not None else codes, words, faults)
    odd = rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.0, -7.0, 60.0, 0.25], n)
    values = np.where(hit, odd, column.values)
    return Numbers(np.where(faults, np.nan, values) if faults is not None else values, faults)


def _spoil_scores(rng: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    hit = rng.random(len(scores)) < 0.1
    return np.where(hit[:, None], rng.choice([np.nan, 1.2, 0.0, 1.0], (len(scores), 1)), scores)
