from __future__ import annotations

import os
import subprocess
import sys

import pytest

from miops_collector.one_thread import VARIABLE, one_thread

SAY = (
    "print(json.dumps([os.environ.get('OPENBLAS_NUM_THREADS'), "
    "sorted({p['num_threads'] for p in threadpoolctl.threadpool_info() if p['internal_api'] == 'openblas'})]))"
)


def said(code: str, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name != VARIABLE}
    command = [sys.executable, "-c", f"import json, os, threadpoolctl\n{code}\n{SAY}"]
    return subprocess.run(command, env=clean | environment, check=True, capture_output=True, text=True).stdout.strip()


def test_the_command_line_computes_with_one_thread_and_tells_nobody() -> None:
    code = "from miops_collector.cli import one_thread\nwith one_thread():\n    import scipy.linalg"

    assert said(code) == "[null, [1]]"


def test_the_library_leaves_the_environment_alone() -> None:
    assert said("import miops_collector.cli, miops_collector.server").startswith("[null, ")


def test_what_the_user_says_holds() -> None:
    code = "from miops_collector.cli import one_thread\nwith one_thread():\n    import scipy.linalg"

    assert said(code, OPENBLAS_NUM_THREADS="2").startswith('["2", ')


def test_it_is_over_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(KeyError), one_thread():
        os.environ.pop("nothing of this name")

    assert VARIABLE not in os.environ
