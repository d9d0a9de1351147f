"""Runs the conformance suite on every framework, the heavy ones each in an environment of its own.

``python -m tests.instrumentation.frameworks.environments [NAME …]``; ``requirements/frameworks/NAME.lock`` says what is
installed into ``.venvs/frameworks-NAME``. What has no such file is in the environment that this runs in. A framework
that builds on one of several others has an environment for each, ``keras-jax`` beside ``keras``. The results go to
``docs/frameworks/NAME.json``, from which ``docs/frameworks.md`` is made.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from docs import generate_frameworks

from .discovered import ONLY, names

_ROOT = Path(__file__).resolve().parents[3]
_REQUIREMENTS = _ROOT / "requirements" / "frameworks"
_PACKAGE = _ROOT / "instrumentation"
_SUITE = [f"tests/instrumentation/frameworks/test_{name}.py" for name in ("conformance", "imports")]
_OWN = "tests/instrumentation/instrumentors/test_{}.py"


def columns() -> list[str]:
    """All frameworks, and what else each of them is run on."""
    locks = [path.stem for path in _REQUIREMENTS.glob("*-*.lock")]
    return sorted([*names(), *(stem for stem in locks if _framework(stem) in names())])


def _framework(name: str) -> str:
    return name.partition("-")[0]


def _heavy(name: str) -> bool:
    return _lock(name).exists()


def _lock(name: str) -> Path:
    return _REQUIREMENTS / f"{name}.lock"


def _environment(name: str) -> Path:
    """The interpreter that has the framework; installed anew whenever what is asked for has changed."""
    if not _heavy(name):
        return Path(sys.executable)
    place = _ROOT / ".venvs" / f"frameworks-{name}"
    stamp, python = place / "installed", place / "bin" / "python"
    wanted = [_lock(name), _PACKAGE / "pyproject.toml"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in wanted)).hexdigest()
    if not (stamp.exists() and stamp.read_text() == digest):
        _install(place, python, _lock(name))
        stamp.write_text(digest)
    return python


def _install(place: Path, python: Path, lock: Path) -> None:
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*pip, "--no-build-isolation", "--no-deps", "-e", str(_PACKAGE)], check=True)


def _run(frameworks: Sequence[str], results: Path) -> int:
    """Run those that share an environment."""
    print(f"== {', '.join(frameworks)}", flush=True)
    python = str(_environment(frameworks[0]))
    command = [python, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *_SUITE]
    tested = [*map(_framework, frameworks)]
    command += [own for own in map(_OWN.format, tested) if (_ROOT / own).exists()]
    environ = {**os.environ, ONLY: " ".join(tested)}
    return subprocess.run([*command, f"--junitxml={results}"], cwd=_ROOT, env=environ, check=False).returncode


def main(asked: Sequence[str]) -> int:
    """Run the frameworks asked for, or all; the worst of their exit codes."""
    wanted, worst = list(asked) or columns(), 0
    light = [name for name in wanted if not _heavy(name)]
    with tempfile.TemporaryDirectory() as folder:
        for group in [light, *([name] for name in wanted if _heavy(name))]:
            if group:
                results = Path(folder) / f"{group[0]}.xml"
                worst = max(worst, _run(group, results))
                generate_frameworks.main([str(results)], group[0].removeprefix(_framework(group[0])))
    return worst


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
