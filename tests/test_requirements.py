"""What environments are made of: each list of packages is locked, with hashes, and names neither index nor machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "requirements"
LISTS = sorted(FOLDER.rglob("*.in"))
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PINNED = re.compile(r"([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==[\w.+!]+(?: ; [^/\\]+)? \\")
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def asked(path: Path) -> set[str]:
    """Names in a list and in those that it includes, as lock files write them."""
    names: set[str] = set()
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            names |= asked(path.parent / line.removeprefix("-r "))
        elif found := _NAME.match(line):
            names.add(re.sub(r"[-_.]+", "-", found[0]).lower())
    return names


@pytest.mark.parametrize("path", LISTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_what_is_asked_for_is_locked_with_hashes_and_without_any_address(path: Path) -> None:
    lines = path.with_suffix(".lock").read_text().splitlines()

    other = [line for line in lines if not _PINNED.fullmatch(line) and not _HASH.fullmatch(line)]
    assert other == []
    pinned = [_PINNED.fullmatch(line) for line in lines]
    assert asked(path) <= {found[1] for found in pinned if found}
    assert all(_HASH.fullmatch(after) for found, after in zip(pinned, lines[1:], strict=False) if found)
