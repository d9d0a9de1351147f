"""The generated page has a column for every framework, a row for every check, and no failure or hole."""

from __future__ import annotations

from docs.generate_frameworks import PAGE, page, stored

from . import test_conformance, test_imports
from .environments import columns


def test_page_is_made_of_the_stored_results() -> None:
    assert page(stored()) == PAGE.read_text()


def test_page_is_complete() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("|")]
    promised = {
        name.removeprefix("test_").replace("_", " ")
        for module in (test_conformance, test_imports)
        for name in vars(module)
        if name.startswith("test_")
    }

    assert rows[0] == columns()
    assert {row[0].partition(":")[0] for row in rows[3:]} == promised
    assert {cell for row in rows[3:] for cell in row[1:]} <= {"✓", *map(str, range(1, 30))}
