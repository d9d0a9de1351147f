"""Everything a user may set, with its defaults."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from miops.semconv import TASKS
from miops_collector.config.alarms import AlarmConfig
from miops_collector.config.attributes import check_translation
from miops_collector.config.multivariate import MultivariateConfig
from miops_collector.config.retention import RetentionConfig
from miops_collector.config.section import Address, HostName, Length, Section, TraceUrl
from miops_collector.config.transport import ExportConfig, ForwardConfig, OtlpConfig
from miops_collector.errors import did_you_mean
from miops_collector.window import format_length, parse_length

__all__ = ["Config", "ModelConfig"]

PANES_PER_WINDOW = 12
"""A window is this many panes of the default length: it slides smoothly and costs little."""


class ModelConfig(Section):
    """What the collector should know of one model if the telemetry does not say it."""

    task: str = ""
    positive_class: str = ""
    favourable_class: str = Field(
        default="", description="the class people want, which the four-fifths rule counts; default: the positive class"
    )
    sensitive: tuple[str, ...] = Field(default=(), description="feature or context columns fairness is computed over")
    definitions: Literal["miops", "nannyml", "evidently", "azure"] = Field(
        default="miops", description="whose definitions the drift statistics follow, from the next reference on"
    )

    @field_validator("task")
    @classmethod
    def _known_task(cls, task: str) -> str:
        if task and task not in TASKS:
            msg = f"{task!r} is no task{did_you_mean(task, TASKS)}"
            raise ValueError(msg)
        return task


class Config(Section):
    """Everything the collector can be told. Every default is safe on a laptop: local, bounded, no phone-home."""

    data_dir: Path = Path("miops-data")
    otlp: OtlpConfig = OtlpConfig()
    web: Address = "localhost:4320"
    allowed_hosts: tuple[HostName, ...] = Field(
        default=(), description="domain names the console may be asked for by; *.example.com is all of one"
    )
    trace_url: TraceUrl = Field(default="", description="where a trace is shown, with {trace_id} for its id")
    windows: tuple[Length, ...] = ("1h", "1d")
    pane: Length | None = Field(default=None, description="default: a twelfth of the smallest window")
    lateness: Length = Field(default="1m", description="how late rows may come before a window counts as complete")
    ageing: dict[Length, Length] = Field(
        default={"1h": "2d", "1d": "14d", "30d": "90d"},
        description="pane length to the age from which panes are merged into that length",
    )
    minimum_rows: int = Field(default=100, ge=1, description="fewer rows in a window: insufficient_data")
    minimum_group_rows: int = Field(default=30, ge=1)
    bins: int = Field(default=128, ge=10, le=1000)
    low_confidence: float = Field(default=0.6, ge=0, le=1)
    reference: Literal["auto", "explicit"] = Field(
        default="auto", description="auto: the first rows, until one is given"
    )
    reference_rows: int = Field(default=5000, ge=100)
    tick_seconds: float = Field(default=2.0, gt=0)
    deduplicate_for: Length = Field(default="7d", description="how long a repeated prediction id is recognised")
    retention: RetentionConfig = RetentionConfig()
    memory_limit_mib: int = Field(
        default=1024, ge=512, description="of the process; near it requests are told to retry"
    )
    series_per_model: int = Field(default=500, ge=10)
    attribute_map: dict[str, str] = Field(default={}, description="foreign attribute name to ours")
    models: dict[str, ModelConfig] = Field(default={}, description="by name of the model")
    multivariate: MultivariateConfig = MultivariateConfig()
    alarms: AlarmConfig = AlarmConfig()
    forward: ForwardConfig | None = None
    export: ExportConfig | None = None

    @field_validator("windows")
    @classmethod
    def _some_window(cls, windows: tuple[str, ...]) -> tuple[str, ...]:
        if not windows:
            msg = "at least one length is needed"
            raise ValueError(msg)
        return windows

    @field_validator("attribute_map")
    @classmethod
    def _known_attributes(cls, attribute_map: dict[str, str]) -> dict[str, str]:
        for foreign, ours in attribute_map.items():
            check_translation(foreign, ours)
        return attribute_map

    @field_validator("ageing")
    @classmethod
    def _longer_later(cls, ageing: dict[str, str]) -> dict[str, str]:
        lengths = sorted(ageing, key=parse_length)
        for shorter, longer in pairwise(lengths):
            if parse_length(ageing[longer]) <= parse_length(ageing[shorter]):
                msg = (
                    f"panes of {longer} must come at a greater age than panes of {shorter}, which is {ageing[shorter]}"
                )
                raise ValueError(msg)
        return ageing

    @model_validator(mode="after")
    def _panes_fit_windows(self) -> Config:
        for window in self.windows:
            if parse_length(window) % self.pane_nanos:
                msg = f"pane: {format_length(self.pane_nanos)} does not divide the window {window}"
                raise ValueError(msg)
        return self

    def definitions_of(self, model: str) -> str:
        """Whose definitions the drift statistics of a model follow."""
        said = self.models.get(model)
        return said.definitions if said else "miops"

    @model_validator(mode="after")
    def _kept_while_recognised(self) -> Config:
        rows = self.retention.rows
        if rows is not None and parse_length(rows) < parse_length(self.deduplicate_for):
            msg = f"retention.rows: {rows} is less than deduplicate_for: {self.deduplicate_for}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _sampled_window_is_one(self) -> Config:
        window = self.multivariate.window
        if window is not None and parse_length(window) not in self.window_nanos:
            msg = f"multivariate.window: {window} is none of the windows{did_you_mean(window, self.windows)}"
            raise ValueError(msg)
        return self

    @property
    def sampled_nanos(self) -> int:
        """Length of the windows whose rows are sampled: as set, else the longest of at most a day."""
        if self.multivariate.window:
            return parse_length(self.multivariate.window)
        return max((w for w in self.window_nanos if w <= parse_length("1d")), default=self.window_nanos[0])

    @property
    def window_nanos(self) -> tuple[int, ...]:
        """Window lengths, smallest first."""
        return tuple(sorted({parse_length(w) for w in self.windows}))

    @property
    def pane_nanos(self) -> int:
        """Length of a pane: as set, else the longest that divides every window and the smallest into twelve."""
        if self.pane:
            return parse_length(self.pane)
        smallest = self.window_nanos[0]
        counts = (n for n in range(PANES_PER_WINDOW, smallest + 1) if smallest % n == 0)
        return next(smallest // n for n in counts if all(w % (smallest // n) == 0 for w in self.window_nanos))
