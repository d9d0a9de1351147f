"""The streams all tools are shown: pure functions of a seed, with nothing but NumPy and SciPy.

A stream is a reference and then windows of as many rows each. Before the onset nothing has changed; a stream without
drift has no onset. Every column has a generator of its own, so a tool may be shown one column of fifty and sees what
the others saw of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

__all__ = ["DRIFTING", "STREAMS", "Block", "Cell", "Stream", "Window", "draw"]

Column: TypeAlias = np.ndarray
Law: TypeAlias = Callable[[Generator, Sequence["Block"]], Iterator[Column]]
DRIFTING = "c0"
"""The one column that drifts."""
DAY, WEEK = 24, 168
SURVEY = Path(__file__).resolve().parents[2] / ".benchmarks" / "trust" / "survey.npz"


@dataclass(frozen=True)
class Cell:
    """One point of the grid.

    Attributes
    ----------
    stream
        Name in :data:`STREAMS`.
    rows, reference, columns
        Rows per window, rows of the reference, columns of the model.
    before, windows
        Windows before it counts (tools that learn from the stream have them to learn), and windows that count: without
        drift those in which an alarm is false, with drift those from the onset on.
    runs
        Seeds.
    """

    stream: str
    rows: int
    reference: int
    columns: int
    before: int
    windows: int
    runs: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"c{i}" for i in range(self.columns))


@dataclass(frozen=True)
class Block:
    """So many rows from this hour on; ``step`` counts windows from the onset, 0 before it."""

    rows: int
    hour: float
    hours: float
    step: int

    @property
    def clock(self) -> np.ndarray:
        """Hour of each row."""
        return self.hour + self.hours * np.arange(self.rows) / self.rows


@dataclass(frozen=True)
class Window:
    """Rows of one window by column; ``errors`` are the model's, 0 or 1, once truth is known."""

    columns: Mapping[str, Column]
    errors: np.ndarray


@dataclass(frozen=True)
class Stream:
    """What a stream is made of.

    Attributes
    ----------
    law
        Of the column of this number.
    drifts
        Whether there is an onset.
    errors
        Share of wrong predictions before and after the onset.
    together
        Whether columns are drawn together (``joint``), not one by one.
    history
        Whether the reference is the history right before: as many windows as fit into its rows.
    """

    name: str
    about: str
    law: Callable[[int], Law]
    drifts: bool = False
    errors: tuple[float, float] = (0.1, 0.1)
    joint: bool = False
    history: bool = False


def draw(cell: Cell, run: int, only: Sequence[str] = ()) -> tuple[Window, Iterator[Window]]:
    """Reference and windows; ``only`` names the columns that are wanted, none means all."""
    stream = STREAMS[cell.stream]
    blocks = _blocks(cell, history=stream.history, drifts=stream.drifts)
    laws = {}
    for i, name in enumerate(cell.names):
        if not only or name in only:
            seed = [zlib.crc32(cell.stream.encode()), run, cell.rows, cell.reference, 0 if stream.joint else i + 1]
            laws[name] = stream.law(i)(np.random.default_rng(seed), blocks)
    errors = _errors(stream, np.random.default_rng([77, run, cell.rows]), blocks)
    windows = (Window(dict(zip(laws, found, strict=True)), next(errors)) for found in zip(*laws.values(), strict=True))
    return next(windows), windows


def _blocks(cell: Cell, *, history: bool, drifts: bool) -> list[Block]:
    hours = cell.reference / cell.rows if history else float(WEEK)
    blocks = [Block(cell.reference, 0.0, hours, 0)]
    for i in range(cell.before + cell.windows):
        step = max(i - cell.before + 1, 0) if drifts else 0
        blocks.append(Block(cell.rows, hours + i, 1.0, step))
    return blocks


def _errors(stream: Stream, rng: Generator, blocks: Sequence[Block]) -> Iterator[np.ndarray]:
    for block in blocks:
        yield (rng.random(block.rows) < stream.errors[block.step > 0]).astype(np.float64)


# --- laws ----------------------------------------------------------------------------------------------------


def _each(make: Callable[[Generator, Block], Column]) -> Law:
    """Rows that do not depend on one another."""
    return lambda rng, blocks: (make(rng, block) for block in blocks)


def _normal(_: int) -> Law:
    return _each(lambda rng, b: rng.normal(size=b.rows))


def _lognormal(_: int) -> Law:
    return _each(lambda rng, b: rng.lognormal(size=b.rows))


def _ties(_: int) -> Law:
    """Three in five are zero, the others counts."""
    return _each(lambda rng, b: np.where(rng.random(b.rows) < 0.6, 0.0, rng.poisson(3.0, b.rows) + 1.0))


LEVELS = (2, 5, 10, 50)


def _zipf(levels: int) -> np.ndarray:
    mass = 1.0 / np.arange(1, levels + 1)
    return mass / mass.sum()


def _levels(rng: Generator, block: Block, mass: np.ndarray) -> Column:
    names = np.array([f"level {i:02}" for i in range(len(mass))])
    return names[np.searchsorted(np.cumsum(mass), rng.random(block.rows), side="right").clip(max=len(mass) - 1)]


def _categorical(i: int) -> Law:
    mass = _zipf(LEVELS[i % len(LEVELS)])
    return _each(lambda rng, b: _levels(rng, b, mass))


def _ar1(coefficient: float) -> Callable[[int], Law]:
    def law(rng: Generator, blocks: Sequence[Block]) -> Iterator[Column]:
        from scipy.signal import lfilter

        last = rng.normal()
        for block in blocks:
            noise = rng.normal(size=block.rows) * np.sqrt(1.0 - coefficient**2)
            values, _ = lfilter([1.0], [1.0, -coefficient], noise, zi=[coefficient * last])
            last = values[-1]
            yield values

    return lambda _: law


def _season(period: int) -> Callable[[int], Law]:
    """A sine of 0.3 σ; every column has a phase of its own."""

    def swing(block: Block, i: int) -> np.ndarray:
        return 0.3 * np.sin(2 * np.pi * (block.clock / period + i / 7))

    return lambda i: _each(lambda rng, b: rng.normal(size=b.rows) + swing(b, i))


def _correlated(i: int) -> Law:
    """One factor: any two columns have a correlation of 0.8. All columns draw the same numbers and take their own."""

    def make(rng: Generator, block: Block) -> Column:
        factor = rng.normal(size=block.rows)
        own = np.random.default_rng([rng.integers(2**62), i]).normal(size=block.rows)
        return np.sqrt(0.8) * factor + np.sqrt(0.2) * own

    return _each(make)


def _survey(i: int) -> Law:
    """Real rows, shuffled: every run another order, each row once."""

    def law(rng: Generator, blocks: Sequence[Block]) -> Iterator[Column]:
        with np.load(SURVEY) as file:
            values = file[f"c{i}"]
        order, at = rng.permutation(len(values)), 0
        for block in blocks:
            yield values[order[at : at + block.rows]]
            at += block.rows

    return law


def _drifting(make: Callable[[Generator, Block], Column], rest: Callable[[int], Law] = _normal) -> Callable[[int], Law]:
    """The first column drifts, the others do not."""
    return lambda i: rest(i) if i else _each(make)


def _shift(size: float) -> Callable[[Generator, Block], Column]:
    return lambda rng, b: rng.normal(size=b.rows) + size * (b.step > 0)


def _gradual(rng: Generator, block: Block) -> Column:
    return rng.normal(size=block.rows) + 0.5 * min(block.step / 50, 1.0)


def _wider(rng: Generator, block: Block) -> Column:
    return rng.normal(size=block.rows) * (1.3**0.5 if block.step else 1.0)


def _missing(rng: Generator, block: Block) -> Column:
    values, gone = rng.normal(size=block.rows), 0.05 if block.step else 0.01
    return np.where(rng.random(block.rows) < gone, np.nan, values)


def _moved(rng: Generator, block: Block) -> Column:
    """A tenth of all rows goes from the first of ten levels to the last."""
    mass = _zipf(10)
    if block.step:
        mass = mass + np.array([-0.1, *[0.0] * 8, 0.1])
    return _levels(rng, block, mass)


def _new(rng: Generator, block: Block) -> Column:
    values = _levels(rng, block, _zipf(10))
    return np.where((rng.random(block.rows) < 0.02) & (block.step > 0), "level 99", values)


STREAMS: Mapping[str, Stream] = {
    s.name: s
    for s in (
        Stream("normal", "normal columns", _normal),
        Stream("lognormal", "lognormal columns", _lognormal),
        Stream("ties", "60 % zeros, else counts", _ties),
        Stream("categorical", "2, 5, 10 and 50 levels, Zipf", _categorical),
        Stream("correlated", "any two columns correlate by 0.8", _correlated, joint=True),
        Stream("survey", "real survey rows, shuffled", _survey, joint=True),
        Stream("ar1_0.5", "neighbouring rows correlate by 0.5", _ar1(0.5), history=True),
        Stream("ar1_0.9", "neighbouring rows correlate by 0.9", _ar1(0.9), history=True),
        Stream("daily", "daily sine of 0.3 σ", _season(DAY), history=True),
        Stream("weekly", "weekly sine of 0.3 σ", _season(WEEK), history=True),
        Stream("mean_0.1", "one column: mean + 0.1 σ", _drifting(_shift(0.1)), drifts=True),
        Stream("mean_0.2", "one column: mean + 0.2 σ", _drifting(_shift(0.2)), drifts=True),
        Stream("mean_0.5", "one column: mean + 0.5 σ", _drifting(_shift(0.5)), drifts=True),
        Stream("variance", "one column: variance × 1.3", _drifting(_wider), drifts=True),
        Stream("gradual", "one column: mean + 0 → 0.5 σ over 50 windows", _drifting(_gradual), drifts=True),
        Stream("missing", "one column: missing 1 % → 5 %", _drifting(_missing), drifts=True),
        Stream("moved", "one column: 10 % of rows change level", _drifting(_moved, _categorical), drifts=True),
        Stream("new_level", "one column: 2 % of rows get a new level", _drifting(_new, _categorical), drifts=True),
        Stream("concept", "errors 10 % → 15 %, columns unchanged", _normal, drifts=True, errors=(0.1, 0.15)),
    )
}
