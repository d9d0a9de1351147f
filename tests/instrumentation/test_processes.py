"""Programs of several processes, and programs that others instrument too."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from .sinks import Sink, grpc_sink

_MODEL = """
import numpy as np
import miops
miops.instrument()
from sklearn.linear_model import LogisticRegression
X = np.array([[0.0], [1.0], [2.0], [3.0]])
model = LogisticRegression().fit(X, [0, 0, 1, 1])
"""


def run(folder: Path, program: str, sink: Sink, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program from a file, which processes that are spawned can import."""
    path = folder / "program.py"
    path.write_text(textwrap.dedent(program))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    clean |= {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
    return subprocess.run(
        [sys.executable, str(path)],
        env={**clean, "MIOPS_ENDPOINT": sink.endpoint, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_workers_forked_from_a_server_that_has_predicted_send_their_own_rows(tmp_path: Path) -> None:
    """As pre-fork servers do it: the application is loaded, and warmed up, once."""
    program = f"""{_MODEL}
import os
model.predict(X[:1])
assert miops.flush()
for worker in range(3):
    if os.fork() == 0:
        for _ in range(5):
            model.predict_proba(X[worker : worker + 1].copy())
        os._exit(0 if miops.flush() else 1)
for _ in range(3):
    assert os.wait()[1] == 0
model.predict(X)
"""
    with grpc_sink() as sink:
        done = run(tmp_path, program, sink)
        rows = sink.rows

    assert (done.returncode, [line for line in done.stderr.splitlines() if "fork" not in line]) == (0, [])
    assert len({row["prediction_id"] for row in rows}) == len(rows) == 1 + 3 * 5 + 4
    by_input = [row["feature.x0"] for row in rows if row.get("score") is not None]
    assert sorted(by_input) == [0.0] * 5 + [1.0] * 5 + [2.0] * 5


def test_processes_that_are_spawned_send_their_own_rows(tmp_path: Path) -> None:
    """The model goes there pickled; what is spawned imports the program, and is instrumented by that."""
    program = f"""{_MODEL}
import multiprocessing

def work(one, x):
    result = one.predict(x).tolist()
    return result if miops.flush() else None

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(work, (model, X[2:])))
    model.predict(X[:1])
"""
    with grpc_sink() as sink:
        done = run(tmp_path, program, sink)
        rows = sink.rows

    assert (done.returncode, done.stdout, done.stderr) == (0, "[1, 1]\n", "")
    assert sorted(row["feature.x0"] for row in rows) == [0.0, 2.0, 3.0]
    assert len({row["prediction_id"] for row in rows}) == 3


_OTHERS = """
import wrapt
from opentelemetry.instrumentation.distro import BaseDistro
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor

calls = []

class Distro(BaseDistro):
    def _configure(self, **kwargs):
        calls.append("configured")

class Instrumentor(BaseInstrumentor):
    def instrumentation_dependencies(self):
        return ()

    def _instrument(self, **kwargs):
        wrapt.register_post_import_hook(self.patch, "sklearn.linear_model._base")

    def patch(self, module):
        wrapt.wrap_function_wrapper(module, "LinearClassifierMixin.predict", self.called)

    def called(self, wrapped, instance, args, kwargs):
        calls.append("predict")
        return wrapped(*args, **kwargs)

    def _uninstrument(self, **kwargs):
        pass
"""
_AGENT = """
import sys
sys.path.{place}, {folder!r})
from opentelemetry.instrumentation.auto_instrumentation import initialize
initialize()
import acme_otel
import numpy as np
from sklearn.linear_model import LogisticRegression
X = np.array([[0.0], [1.0], [2.0], [3.0]])
model = LogisticRegression().fit(X, [0, 0, 1, 1])
model.predict(X[:2])
import miops
miops.uninstrument()
model.predict(X[2:])
print(acme_otel.calls)
"""


@pytest.mark.parametrize(("place", "distro"), [("insert(1", "acme"), ("insert(len(sys.path)", "distro")])
def test_another_distribution_that_patches_the_same_models(tmp_path: Path, place: str, distro: str) -> None:
    """Whichever is loaded first, both see each call once; undoing ours leaves theirs alone."""
    folder = tmp_path / "site"
    info = folder / "acme_otel-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "acme_otel.py").write_text(_OTHERS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-otel\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[opentelemetry_distro]\nacme = acme_otel:Distro\n\n"
        "[opentelemetry_instrumentor]\nacme_sklearn = acme_otel:Instrumentor\n"
    )
    program = _AGENT.format(place=place, folder=str(folder))
    with grpc_sink() as sink:
        done = run(tmp_path, program, sink, OTEL_PYTHON_DISTRO=distro, OTEL_LOGS_EXPORTER="otlp")
        rows = sink.rows

    assert done.returncode == 0, done.stderr
    configured = ["configured"] if distro == "acme" else []
    assert done.stdout == f"{[*configured, 'predict', 'predict']}\n"
    assert [row["feature.x0"] for row in rows] == [0.0, 1.0]
