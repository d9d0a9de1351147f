"""What a user may set: YAML, environment and options, validated into one frozen :class:`Config`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from miops.semconv import TASKS
from miops_collector.errors import ConfigError, did_you_mean
from miops_collector.window import format_length, parse_length

__all__ = ["AlarmConfig", "Config", "ExportConfig", "ForwardConfig", "ModelConfig", "RuleConfig", "load_config"]

ENVIRONMENT_PREFIX = "MIOPS_COLLECTOR_"
PANES_PER_WINDOW = 12
"""A window is this many panes of the default length: it slides smoothly and costs little."""


def _length(text: str) -> str:
    parse_length(text)
    return text


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65_535:
        msg = f"{text!r} is no address: write HOST:PORT, such as 'localhost:4317'"
        raise ValueError(msg)
    return text


Length = Annotated[str, AfterValidator(_length)]
Address = Annotated[str, AfterValidator(_address)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OtlpConfig(_Section):
    """Where telemetry comes in."""

    grpc: Address = "localhost:4317"
    http: Address = "localhost:4318"
    max_request_mib: int = Field(
        default=64, ge=1, le=1024, description="largest request, before and after decompression"
    )
    max_waiting_mib: int = Field(
        default=256, ge=1, description="requests not yet committed; beyond it clients are told to retry"
    )


class ForwardConfig(_Section):
    """Telemetry that is not about predictions goes on, unchanged, to another OTLP endpoint."""

    endpoint: str = Field(description="http://HOST:PORT")
    protocol: Literal["grpc", "http/protobuf"] = "grpc"
    headers: dict[str, str] = {}


class ExportConfig(_Section):
    """Where statistics are pushed, beside ``/metrics``."""

    endpoint: str = Field(description="http://HOST:PORT, for http/protobuf the base URL or the full path")
    protocol: Literal["grpc", "http/protobuf"] = "http/protobuf"
    headers: dict[str, str] = {}
    interval_seconds: float = Field(default=15.0, gt=0)


class ModelConfig(_Section):
    """What the collector should know of one model if the telemetry does not say it."""

    task: str = ""
    positive_class: str = ""
    sensitive: tuple[str, ...] = Field(default=(), description="feature or context columns fairness is computed over")

    @field_validator("task")
    @classmethod
    def _known_task(cls, task: str) -> str:
        if task and task not in TASKS:
            msg = f"{task!r} is no task{did_you_mean(task, TASKS)}"
            raise ValueError(msg)
        return task


class RuleConfig(_Section):
    """One alarm rule of the user's own."""

    name: str
    metric: str = Field(description="full metric name, such as miops.drift.psi")
    comparison: Literal[">", ">=", "<", "<="] = ">"
    threshold: float
    match: dict[str, str] = Field(default={}, description="model, version, column, segment, group … as a glob")
    hold: Length | None = Field(default=None, alias="for", description="event time the condition must last")
    severity: Literal["warning", "critical"] = "critical"

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AlarmConfig(_Section):
    """How many false alarms are acceptable, and rules of the user's own."""

    budget_per_month: float = Field(
        default=1.0, gt=0, description="false alarms per model and 30 days, all defaults together"
    )
    ignore_shifts_below: float = Field(
        default=0.01, ge=0, lt=1, description="shifts smaller than this many σ are no drift"
    )
    defaults: bool = True
    rules: tuple[RuleConfig, ...] = ()


class Config(_Section):
    """Everything the collector can be told. Every default is safe on a laptop: local, bounded, no phone-home."""

    data_dir: Path = Path("miops-data")
    otlp: OtlpConfig = OtlpConfig()
    web: Address = "localhost:4320"
    windows: tuple[Length, ...] = ("1h", "1d")
    pane: Length | None = Field(default=None, description="default: a twelfth of the smallest window")
    lateness: Length = Field(default="1m", description="how late rows may come before a window counts as complete")
    ageing: dict[Length, Length] = Field(
        default={"1h": "2d", "1d": "35d", "30d": "90d"},
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
    memory_limit_mib: int = Field(default=1024, ge=256)
    series_per_model: int = Field(default=500, ge=10)
    attribute_map: dict[str, str] = Field(default={}, description="foreign attribute name to ours")
    models: dict[str, ModelConfig] = {}
    alarms: AlarmConfig = AlarmConfig()
    forward: ForwardConfig | None = None
    export: ExportConfig | None = None

    @model_validator(mode="after")
    def _panes_fit_windows(self) -> Config:
        if not self.windows:
            msg = "windows: at least one length is needed"
            raise ValueError(msg)
        for window in self.windows:
            if parse_length(window) % self.pane_nanos:
                msg = f"pane: {format_length(self.pane_nanos)} does not divide the window {window}"
                raise ValueError(msg)
        return self

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


def load_config(
    file: Path | None = None, *, environment: Mapping[str, str] = os.environ, options: Mapping[str, Any] | None = None
) -> Config:
    """Read the configuration: options win over environment, environment over the file, the file over defaults.

    Raises
    ------
    ConfigError
        Names the file and key, what is allowed, and what was probably meant.
    """
    data: dict[str, Any] = _read(file, environment) if file else {}
    for source in (_from_environment(environment), options or {}):
        for path, value in source.items():
            _put(data, path.split("."), value)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_explain(error, str(file) if file else "configuration")) from None


def _read(file: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        data = yaml.safe_load(_substitute(file.read_text(), environment, str(file)))
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror}"
        raise ConfigError(msg) from error
    except yaml.YAMLError as error:
        msg = f"{file}: is no YAML: {error}"
        raise ConfigError(msg) from error
    if data is not None and not isinstance(data, dict):
        msg = f"{file}: must be a mapping of keys, not {type(data).__name__}"
        raise ConfigError(msg)
    return data or {}


def _substitute(text: str, environment: Mapping[str, str], where: str) -> str:
    """``${env:VAR:-default}`` as in the OpenTelemetry Collector; ``$$`` is a dollar sign."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        name, default = match["name"], match["default"]
        found = environment.get(name)
        if found is None and default is None:
            msg = f"{where}: environment variable {name!r} is not set and has no default: ${{env:{name}:-default}}"
            raise ConfigError(msg)
        return found or default or ""

    return re.sub(r"\$\$|\$\{env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}", value, text)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """``MIOPS_COLLECTOR_DATA_DIR`` is ``data_dir``; ``MIOPS_COLLECTOR_OTLP_GRPC`` is ``otlp.grpc``."""
    names = {path.replace(".", "_").upper(): path for path in _paths(Config)}
    found = {}
    for name, value in environment.items():
        if name.startswith(ENVIRONMENT_PREFIX):
            path = names.get(name.removeprefix(ENVIRONMENT_PREFIX).replace("__", "_"))
            if path is None:
                allowed = [ENVIRONMENT_PREFIX + n for n in names]
                msg = f"environment: {name} is no setting{did_you_mean(name, allowed)}"
                raise ConfigError(msg)
            found[path] = yaml.safe_load(value) if value[:1] in "[{" else value
    return found


def _paths(section: type[BaseModel], prefix: str = "") -> list[str]:
    paths = []
    for name, info in section.model_fields.items():
        kind = info.annotation
        nested = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        paths += _paths(nested, f"{prefix}{name}.") if nested else [f"{prefix}{name}"]
    return paths


def _put(data: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        data = data.setdefault(key, {})
    data[path[-1]] = value


def _explain(error: ValidationError, where: str) -> str:
    lines = []
    for one in error.errors():
        path = ".".join(str(p) for p in one["loc"]) or "(whole file)"
        if one["type"] == "extra_forbidden":
            siblings = _siblings(one["loc"])
            lines.append(f"{where}: {path}: unknown key{did_you_mean(str(one['loc'][-1]), siblings)}")
        else:
            given = f" (given: {one['input']!r})" if not isinstance(one["input"], dict) else ""
            lines.append(f"{where}: {path}: {one['msg'].removeprefix('Value error, ')}{given}")
    return "\n".join(lines)


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """Allowed keys beside a wrong one."""
    section: type[BaseModel] = Config
    sections: dict[str, type[BaseModel]] = {
        "otlp": OtlpConfig, "alarms": AlarmConfig, "rules": RuleConfig, "models": ModelConfig,
        "forward": ForwardConfig, "export": ExportConfig,
    }  # fmt: skip
    for part in location[:-1]:
        section = sections.get(str(part), section)
    return [info.alias or name for name, info in section.model_fields.items()]
