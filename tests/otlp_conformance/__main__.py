"""``python -m tests.otlp_conformance --grpc HOST:PORT --http HOST:PORT``: one line for each case and wire."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.otlp_conformance.case import discover
from tests.otlp_conformance.run import Result, counted, run, table
from tests.otlp_conformance.wire import Target

__all__ = ["as_records", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing failed, 1 when something did."""
    given = _parser().parse_args(arguments)
    target = Target(given.grpc, given.http, given.limit_mib * 1024 * 1024, given.pid)
    results = list(run(target, (case for case in discover() if given.only in case.id)))
    print(table(results))
    outcomes = counted(results)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    if given.json:
        given.json.write_text(json.dumps(as_records(results), indent=1) + "\n", encoding="utf-8")
    return 1 if outcomes["fail"] else 0


def as_records(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The results for a JSON file."""
    return [
        {
            "id": r.case.id, "wire": r.wire, "level": r.case.level, "expectation": r.case.expectation,
            "link": r.case.link, "outcome": r.outcome, "detail": r.detail, "seconds": round(r.seconds, 3),
        }
        for r in results
    ]  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.otlp_conformance", description=__doc__)
    parser.add_argument("--grpc", metavar="HOST:PORT", required=True, help="where OTLP/gRPC listens")
    parser.add_argument("--http", metavar="HOST:PORT", required=True, help="where OTLP/HTTP listens")
    parser.add_argument("--limit-mib", type=int, default=64, help="its limit of a request (default 64)")
    parser.add_argument("--pid", type=int, help="its process on this machine, to look at its memory")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose id contains this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
