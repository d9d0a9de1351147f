from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from miops_collector import precompile
from miops_collector.otlp import walk


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    commands: list[object] = []
    monkeypatch.setattr(precompile.subprocess, "run", lambda *command, **_: commands.append(command))
    return commands


def kernel(folder: Path | None) -> SimpleNamespace:
    return SimpleNamespace(stats=SimpleNamespace(cache_path=folder and str(folder)))


def test_another_process_compiles_what_is_not_compiled_since_its_source_has_changed(
    started: list[object], tmp_path: Path
) -> None:
    index = tmp_path / "walk.walk-1.py311.nbi"

    precompile.compile_elsewhere(kernel(tmp_path))
    assert len(started) == 1
    index.touch()
    precompile.compile_elsewhere(kernel(tmp_path))
    assert len(started) == 1
    os.utime(index, (0, Path(walk.__file__).stat().st_mtime - 1))
    precompile.compile_elsewhere(kernel(tmp_path))
    assert len(started) == 2


def test_nobody_compiles_elsewhere_what_cannot_be_kept(started: list[object]) -> None:
    precompile.compile_elsewhere(kernel(None))

    assert started == []
