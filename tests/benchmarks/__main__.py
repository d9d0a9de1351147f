"""``python -m tests.benchmarks [NAME …] [--quick]``: measure, write ``bench.json`` and ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.harness.book import Book, Entry
from tests.benchmarks.harness.budgets import budgets
from tests.benchmarks.harness.discovery import benchmarks
from tests.benchmarks.harness.page import chart_file, charts, page, row_of
from tests.benchmarks.harness.result import Run

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]
JSON, PAGE, VENVS = ROOT / "bench.json", ROOT / "docs" / "benchmarks.md", ROOT / ".venvs"
IMAGES = PAGE.parent / "images"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if everything could be measured, whatever came out; 1 if a benchmark failed."""
    known = benchmarks()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure, print and write down.")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *known], help=", ".join(known))
    parser.add_argument("--quick", action="store_true", help="a smoke run: nothing is written unless --json says where")
    parser.add_argument("--json", type=Path, help=f"where results are kept; default {JSON.name}")
    parser.add_argument(
        "--long", action="store_true", help="also what takes many minutes: a hundred million stored rows"
    )
    given = parser.parse_args(arguments)
    file = given.json or (None if given.quick else JSON)
    book = Book.read(file)
    run = Run(ROOT, VENVS, quick=given.quick, long=given.long)
    failed = [name for name in given.names or known if not _measure(name, book, run, file)]
    if not given.quick and given.json is None:
        for name, text in charts(book).items():
            (IMAGES / chart_file(name)).write_text(text)
        PAGE.write_text(page(book))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _measure(name: str, book: Book, run: Run, file: Path | None) -> bool:
    """One benchmark; what it gave before is forgotten, so that a page never mixes two runs of it."""
    print(f"{name}", flush=True)
    limits, fresh = budgets(), []
    try:
        with tempfile.TemporaryDirectory(prefix=f"miops-{name}-", ignore_cleanup_errors=True) as folder:
            for one in benchmarks()[name].measure(replace(run, folder=Path(folder))):
                fresh.append(Entry.of(one, limits.get(one.name)))
                print(f"  {row_of(fresh[-1])}", flush=True)
    except Exception:
        traceback.print_exc()
        return False
    book.replace(name, fresh)
    if file is not None:
        book.write(file)
    return True


if __name__ == "__main__":
    sys.exit(main())
