"""What is wrong with a configuration, in words: where, what was given, what is allowed, what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from miops_collector.config.sources import section_in
from miops_collector.errors import did_you_mean

__all__ = ["explain"]

Location = tuple[int | str, ...]
_EXPECTED = {
    "string_type": "must be a text; put it in quotes",
    "invalid_key": "keys must be texts; put it in quotes",
    "path_type": "must be a path; put it in quotes",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
    "dict_type": "must be a mapping of keys",
    "tuple_type": "must be a list, such as [a, b]",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
}
"""What is allowed, in words of YAML instead of Python."""
HIDDEN = "headers"


def explain(error: ValidationError, model: type[BaseModel], source_of: Callable[[str], str]) -> str:
    """One line per mistake. ``source_of`` says where the setting of a path was read: a file, variable or option."""
    return "\n".join(_line(one, model, source_of) for one in error.errors(include_url=False))


def _line(one: Any, model: type[BaseModel], source_of: Callable[[str], str]) -> str:
    location: Location = tuple(part for part in one["loc"] if part != "[key]")
    path = _path(location)
    said = one["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if one["type"] == "extra_forbidden":
        said = f"unknown key{did_you_mean(str(location[-1]), _siblings(model, location))}"
    elif one["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", one["ctx"]["expected"])
        said = f"{one['input']!r} is not allowed{did_you_mean(str(one['input']), allowed)}"
    elif one["type"] == "missing":
        said = "is missing"
    elif one["type"] != "value_error":
        said = _EXPECTED.get(one["type"], said).format(**one.get("ctx", {}))
        if HIDDEN not in location and not isinstance(one["input"], BaseModel):
            said += f" (given: {one['input']!r:.60})"
    return f"{source_of(path)}: {path}: {said}" if path else f"{source_of(path)}: {said}"


def _path(location: Location) -> str:
    """``alarms.rules[2].metric``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _siblings(model: type[BaseModel], location: Location) -> list[str]:
    """Keys that are allowed beside a wrong one."""
    section, named_freely = model, False
    for part in location[:-1]:
        if named_freely or isinstance(part, int):
            named_freely = False
            continue
        field = section.model_fields[part]
        section = section_in(field.annotation) or section
        named_freely = getattr(field.annotation, "__origin__", None) is dict
    return [field.alias or name for name, field in section.model_fields.items()]
