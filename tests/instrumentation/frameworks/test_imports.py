"""Frameworks that are absent, too old, broken or strange, and those that the program never imports.

Each situation is one program that meets all frameworks; every framework looks at its own part of the answer.
"""

from __future__ import annotations

from .discovered import instrumentor, names
from .situations import Answer, lines, met


def _answer(content: str | None, *, absent: bool = False, asked: bool = True) -> Answer:
    return met(tuple(names()), content, absent=absent, asked=asked)


def test_not_imported_unless_the_program_does(framework: str) -> None:
    answer = _answer(None, asked=False)

    assert instrumentor(framework).package not in answer.modules
    assert answer.logged == []


def test_absent(framework: str) -> None:
    answer = _answer(None, absent=True)

    assert answer.seen[framework].startswith("ModuleNotFoundError")
    assert lines(answer, framework) == []


def test_too_old_is_one_clear_line(framework: str) -> None:
    one = instrumentor(framework)
    answer = _answer('__version__ = "0.0.1"\n')

    oldest = ".".join(map(str, one.minimum))
    line = f"miops: {one.package} 0.0.1 is not instrumented; it needs {oldest} or later"
    assert answer.seen[framework] == "runs"
    assert lines(answer, framework) == [line]


def test_a_broken_import_stays_the_programs_own_error(framework: str) -> None:
    answer = _answer('raise RuntimeError("cannot find its library")\n')

    assert answer.seen[framework] == "RuntimeError: cannot find its library"
    assert lines(answer, framework) == []


def test_another_shape_than_expected_is_one_line_and_no_error(framework: str) -> None:
    answer = _answer('__version__ = "99.0"\n')

    (line,) = lines(answer, framework)
    assert answer.seen[framework] == "runs"
    assert "_not_instrumented: AttributeError: " in line
