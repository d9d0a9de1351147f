"""The configuration from all its sources, validated, or an error that says what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from miops_collector.config.config import Config
from miops_collector.config.errors import explain
from miops_collector.config.sources import from_environment, read_file
from miops_collector.errors import ConfigError

__all__ = ["load_config"]


def load_config(
    file: Path | None = None, *, environment: Mapping[str, str] = os.environ, options: Mapping[str, Any] | None = None
) -> Config:
    """Read the configuration: options win over environment, environment over the file, the file over defaults.

    Parameters
    ----------
    options
        Values by path, such as ``otlp.grpc``; of the command line.

    Raises
    ------
    ConfigError
        Names the file, variable or option and the key, what is allowed, and what was probably meant.
    """
    data = read_file(file, environment) if file else {}
    origins: dict[str, str] = {}
    for path, (variable, value) in from_environment(environment, Config).items():
        _put(data, path.split("."), value)
        origins[path] = f"environment: {variable}"
    for path, value in (options or {}).items():
        _put(data, path.split("."), value)
        origins[path] = "option"
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        otherwise = str(file) if file else "configuration"
        raise ConfigError(explain(error, Config, lambda path: origins.get(path, otherwise))) from None


def _put(data: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        below = data.get(key)
        data[key] = data = dict(below) if isinstance(below, dict) else {}
    data[path[-1]] = value
