"""``TRUST.JSON FOLDER``: the pictures of ``docs/trust.md``, drawn by an environment that has matplotlib."""

from __future__ import annotations

import json
import sys
from pathlib import Path

OURS = "MIOps"
PANELS = (
    ("mean_0.2", 200, "0.2 σ, 200 rows"), ("mean_0.2", 1000, "0.2 σ, 1000 rows"),
    ("mean_0.1", 1000, "0.1 σ, 1000 rows"), ("variance", 1000, "variance × 1.3, 1000 rows"),
)  # fmt: skip
NEVER = 80.0
SILENT = 0.3


def main(figures: str, folder: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    data = json.loads(Path(figures).read_text())
    fig, axes = plt.subplots(1, len(PANELS), figsize=(15, 4.4), sharey=True)
    tools = sorted({e["tool"] for e in data["calm"]})
    colours = dict(zip(tools, plt.cm.tab10.colors, strict=False))
    for axis, (stream, rows, title) in zip(axes, PANELS, strict=True):
        for tool in tools:
            calm = [e for e in data["calm"] if _is(e, "normal", rows) and e["tool"] == tool]
            drift = [e for e in data["drift"] if _is(e, stream, rows) and e["tool"] == tool]
            if calm and drift:
                rate = max(1000 * calm[0]["alarmed"] / calm[0]["windows"], SILENT)
                delay = drift[0]["delay"] or NEVER
                size = 130 if tool == OURS else 60
                axis.scatter(rate, delay, s=size, color=colours[tool], marker="*" if tool == OURS else "o", label=tool)
        axis.set(xscale="log", yscale="log", title=title, xlim=(0.2, 1500), ylim=(0.8, 100))
        axis.set_xlabel("windows with a false alarm, per 1,000")
        axis.axvline(1000 * 0.5 / 720, color="grey", linewidth=0.8, linestyle=":")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("median windows until found (80: not found)")
    handles, labels = axes[1].get_legend_handles_labels()
    fig.legend(handles, labels, loc="lower center", ncol=5, frameon=False)
    fig.tight_layout(rect=(0, 0.12, 1, 1))
    fig.savefig(Path(folder) / "trust.png", dpi=80)


def _is(entry: dict[str, object], stream: str, rows: int) -> bool:
    wanted = (stream, rows, 10_000, 20)
    return (entry["stream"], entry["rows"], entry["reference"], entry["columns"]) == wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
