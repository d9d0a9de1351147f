"""``python -m tests.torture [--ends 75] [--seed N] [--json FILE]``: 0 if nothing was lost, doubled or forgotten."""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
from pathlib import Path

from tests.torture.run import torture

DEFAULT_ENDS = 75
"""Four in five are kills: over fifty."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--ends", type=int, default=DEFAULT_ENDS, help="how often the collector is ended under load")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=60.0, help="after so long it counts, however often it was")
    parser.add_argument("--json", type=Path, default=Path("torture.json"))
    given = parser.parse_args()
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # the exporters tell of every attempt that failed
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="miops-torture-") as folder:
        result = torture(
            Path(folder), ends=given.ends, seed=given.seed, seconds=60 * given.minutes,
            say=lambda line: print(line, flush=True),
        )  # fmt: skip
    text = json.dumps(result.as_json(), indent=2)
    given.json.write_text(text + "\n")
    print(text)
    return 0 if result.clean else 1


if __name__ == "__main__":
    sys.exit(main())
