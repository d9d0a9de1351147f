"""Where settings come from: a YAML file with ``${env:…}`` in it, and environment variables of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from miops_collector.errors import ConfigError, did_you_mean

__all__ = ["ENVIRONMENT_PREFIX", "from_environment", "paths_of", "read_file", "section_in"]

ENVIRONMENT_PREFIX = "MIOPS_COLLECTOR_"
OTHERS_NAMES = re.compile(r"CONFIG|SERVICE_(HOST|PORT)(_.+)?|PORT(_\d+_(TCP|UDP)(_.+)?)?")
"""Not settings: the command line's own ``MIOPS_COLLECTOR_CONFIG``, and what Kubernetes puts into the environment of
every container beside a service called ``miops-collector``."""
REFERENCE = re.compile(
    r"\$\$|\$\{env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<other>\$\{[^}]*\}?)"
)

MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """YAML keeps the last of two equal keys without a word; a section that is there twice is half lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.tag != MERGE:
                said = f"the key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


def read_file(file: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The file's keys. Those without a value are left out: their section may be commented out.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no YAML mapping, or names a variable that is not set and has no default.
    """
    try:
        data = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
        if data is not None and not isinstance(data, dict):
            msg = f"{file}: must be a mapping of keys, such as 'data_dir: miops-data', not {data!r:.60}"
            raise ConfigError(msg)
        found: dict[str, Any] = _resolved(data or {}, environment, str(file))
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror}"
        raise ConfigError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{file}: is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}"
        raise ConfigError(msg) from error
    except yaml.YAMLError as error:
        msg = f"{file}: is no YAML: {error}"
        raise ConfigError(msg) from error
    except RecursionError as error:
        msg = f"{file}: is nested too deeply, or within itself"
        raise ConfigError(msg) from error
    return found


def from_environment(environment: Mapping[str, str], model: type[BaseModel]) -> dict[str, tuple[str, Any]]:
    """Name of the variable and its value by path of the setting; variables set to nothing are not set.

    ``MIOPS_COLLECTOR_DATA_DIR`` is ``data_dir``; ``MIOPS_COLLECTOR_OTLP_GRPC`` is ``otlp.grpc``. Lists and mappings
    are written as in YAML: ``[1h, 1d]``.

    Raises
    ------
    ConfigError
        If a variable with our prefix is no setting.
    """
    paths = {path.replace(".", "_").upper(): path for path in paths_of(model)}
    found = {}
    for name, value in environment.items():
        own = name.removeprefix(ENVIRONMENT_PREFIX)
        if own == name or not value or OTHERS_NAMES.fullmatch(own):
            continue
        path = paths.get(own.replace("__", "_"))
        if path is None:
            msg = f"environment: {name} is no setting{did_you_mean(name, [ENVIRONMENT_PREFIX + n for n in paths])}"
            raise ConfigError(msg)
        found[path] = (name, _typed(value, f"environment: {name}"))
    return found


def paths_of(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Every setting, ``section.key``; a section that is a setting as a whole, too."""
    paths = []
    for name, field in model.model_fields.items():
        nested = section_in(field.annotation)
        listed = nested is None or _is_container(field.annotation)
        paths += [f"{prefix}{name}"] if listed or nested is None else paths_of(nested, f"{prefix}{name}.")
    return paths


def section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a setting is, may be, or is a list or mapping of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for a in get_args(annotation) if (found := section_in(a)) is not None), None)


def _is_container(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (dict, list, tuple)


def _resolved(value: Any, environment: Mapping[str, str], where: str) -> Any:
    if isinstance(value, dict):
        there = {k: v for k, v in value.items() if v is not None}
        return {k: _resolved(v, environment, f"{where}: {k}" if ": " not in where else f"{where}.{k}")
                for k, v in there.items()}  # fmt: skip
    if isinstance(value, list):
        return [_resolved(v, environment, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, str) and "$" in value:
        return _typed(_substituted(value, environment, where), where)
    return value


def _substituted(text: str, environment: Mapping[str, str], where: str) -> str:
    """``${env:VAR:-default}`` as in the OpenTelemetry Collector: the default also stands for an empty variable.

    ``$$`` is a dollar sign.
    """

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if match["other"]:
            msg = f"{where}: {match['other']!r} is no variable: write ${{env:NAME:-default}}, or $$ for a dollar sign"
            raise ConfigError(msg)
        name, default = match["name"], match["default"]
        found = environment.get(name)
        if found is None and default is None:
            msg = f"{where}: environment variable {name!r} is not set and has no default: ${{env:{name}:-default}}"
            raise ConfigError(msg)
        return found or default or ""

    return REFERENCE.sub(value, text)


def _typed(text: str, where: str) -> Any:
    """Lists and mappings; numbers and the like become what the setting is when they are validated."""
    if text[:1] not in ("[", "{"):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        msg = f"{where}: {text!r} is no YAML: {error}"
        raise ConfigError(msg) from error
