"""The programs of docs/other_languages.md: the JavaScript one runs against a real collector, all name what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from miops import semconv
from tests.e2e.collector_process import running_collector

PAGE = Path(__file__).resolve().parents[2] / "docs" / "other_languages.md"
PACKAGES = Path(__file__).with_name("otel_js") / "node_modules"
PROGRAMS = dict(re.findall(r"```(javascript|java|go)\n(.*?)```", PAGE.read_text(), re.DOTALL))


def test_the_javascript_program_of_the_page(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (PACKAGES / "@opentelemetry" / "exporter-logs-otlp-http").is_dir():
        pytest.skip("the OpenTelemetry JavaScript SDK is not installed: cd tests/e2e/otel_js && npm ci")
    program = tmp_path / "program.js"
    program.write_text(PROGRAMS["javascript"])

    with running_collector(tmp_path) as collector:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        environ |= {"NODE_PATH": str(PACKAGES), "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.http}"}
        environ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "60000"  # milliseconds: the machine may be busy
        done = subprocess.run(
            [node, str(program)], env=environ, capture_output=True, text=True, timeout=100, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")

        rows = collector.rows()
        found = collector.get(f"/api/v1/predictions/{quote('order-7')}")
        model = collector.model("credit")
        assert collector.stop() == 0, collector.log

    assert (rows["received"], rows["stored"], rows["refused"]) == (2, 2, 0)
    assert (model["version"], model["task"]) == ("7", "binary_classification")
    assert (found["value"], found["score"], found["features"]) == ("good", 0.8, {"age": 41.0, "job": "cook"})


@pytest.mark.parametrize("language", ["javascript", "java", "go"])
def test_names_are_those_of_the_wire(language: str) -> None:
    named = set(re.findall(r"miops\.[a-z_.]+[a-z]", PROGRAMS[language]))
    known = {value for value in vars(semconv).values() if isinstance(value, str)}
    prefixes = tuple(
        value for value in known if value.endswith(".") and value.startswith("miops.") and value != "miops."
    )

    assert {"miops.prediction", "miops.ground_truth", "miops.model.name", "miops.prediction.id"} <= named
    assert [
        name for name in named if name not in known and not name.startswith(prefixes) and name != "miops.feature"
    ] == []
