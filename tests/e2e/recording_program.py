"""A program that records predictions by hand, as fast as told, until its standard input ends.

Run as ``python recording_program.py ROWS PREFIX PAUSE``; prints how many it recorded.
"""

from __future__ import annotations

import sys
import threading
import time

import pandas as pd

import miops

FLUSH_SECONDS = 60.0


def main(rows_file: str, prefix: str, pause: str) -> None:
    rows = pd.read_parquet(rows_file).astype(object).to_dict("records")
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    model = miops.Model(name="credit", version="7", task="binary_classification", classes=("bad", "good"))
    count = 0
    while not ended.is_set():
        row = {name: value for name, value in rows[count % len(rows)].items() if not pd.isna(value)}
        time_, score, value = row.pop("time"), row.pop("score"), row.pop("prediction")
        miops.record_prediction(
            model, features=row, score=score, value=value, prediction_id=f"{prefix}-{count}",
            time=time_ + 1000 * (count // len(rows)), duration_seconds=0.001,
        )  # fmt: skip
        count += 1
        time.sleep(float(pause))
    miops.flush(FLUSH_SECONDS)
    print(count)


if __name__ == "__main__":
    main(*sys.argv[1:])
