"""docs/api.md is held to the code: its routes, its fields, its parameters, and its examples, which are sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from miops_collector.accepting import Acceptance
from miops_collector.report import ModelKey
from miops_collector.web import detections, query
from miops_collector.web.acceptance import AcceptForm, acceptance_json
from miops_collector.web.app import create_app
from miops_collector.web.reference import ReferenceForm
from miops_collector.web.truth_json import _Truth
from tests.collector.sample_store import sample_backend
from tests.collector.web.asgi_client import AsgiClient

PAGE = Path(__file__).parents[3].joinpath("docs", "api.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^```json POST (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def named(text: str) -> set[str]:
    """What stands in code quotes, and the fields of the examples."""
    return set(re.findall(r"`([a-z_]+)`", text)) | set(re.findall(r'"([a-z_]+)":', text))


def answer(path: str) -> Any:
    found = AsgiClient(create_app(sample_backend())).get(path)
    assert found.status_code == 200
    return found.json()


def test_every_route_is_on_the_page_and_no_other() -> None:
    routes = [r for r in create_app(sample_backend()).routes if isinstance(r, Route)]
    api = [r for r in routes if r.path.startswith("/api/") or r.path in {"/metrics", "/healthz", "/readyz"}]
    there = {f"{method} {r.path.replace(':path', '')}" for r in api for method in (r.methods or set()) - {"HEAD"}}

    assert set(re.findall(r"^\| `([A-Z]+ \S+)` \|", PAGE, re.MULTILINE)) == there


@pytest.mark.parametrize("kind", ["models", "observations", "windows", "alarms"])
def test_every_field_of_an_answer_is_on_the_page(kind: str) -> None:
    section = PAGE.partition(f"One of `{kind}`")[2].partition("\nOne of `")[0].partition("\n## ")[0]
    entries = answer(f"/api/v1/{kind}")[kind]

    assert entries
    assert {field for entry in entries for field in entry} - named(section) == set()


def test_every_parameter_is_on_the_page() -> None:
    assert {*query._OBSERVATION_PARAMETERS, *detections.PARAMETERS} - named(PAGE) == set()


def test_every_field_of_a_request_is_on_the_page() -> None:
    given = {*_Truth.model_fields, *ReferenceForm.model_fields, *AcceptForm.model_fields}

    assert given - named(PAGE) == set()


def test_every_field_of_an_acceptance_is_on_the_page() -> None:
    taken = Acceptance("credit", "7", 1, 2, "ada", 3, 60, ("age",))

    assert acceptance_json(taken).keys() - named(PAGE.rpartition("The answer, and each of")[2]) == set()


def test_the_examples_are_accepted() -> None:
    accepted: list[tuple[ModelKey, tuple[int, int] | None, str]] = []

    async def accept(key: ModelKey, bounds: tuple[int, int] | None, by: str) -> Acceptance:
        accepted.append((key, bounds, by))
        return Acceptance(key.name, key.version, 1, 2, by, 3, 60, ())

    client = AsgiClient(create_app(sample_backend(accept=accept)))
    headers = {"content-type": "application/json"}
    answers = {path: client.post(path, content=text, headers=headers) for path, text in EXAMPLES.items()}

    assert {path: (a.status_code, a.text[:300]) for path, a in answers.items() if a.status_code != 200} == {}
    assert answers["/api/v1/ground-truth"].json() == {"accepted": len(json.loads(EXAMPLES["/api/v1/ground-truth"]))}
    assert answers["/api/v1/reference"].json() == {"accepted": 2}
    assert [(key, by) for key, _, by in accepted] == [(ModelKey("credit", "7"), "ada")]
