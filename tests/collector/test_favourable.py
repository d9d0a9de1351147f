from __future__ import annotations

from dataclasses import replace

import pytest

from miops_collector.config import Config
from miops_collector.favourable import is_adverse
from miops_collector.report import ModelKey
from tests.collector.signals.models import BINARY, MULTICLASS

MODEL = ModelKey("credit", "1")


def config(favourable: str) -> Config:
    return Config.model_validate({"models": {"credit": {"favourable_class": favourable}}})


def test_the_positive_class_is_wanted_unless_another_one_is_named() -> None:
    assert not is_adverse(BINARY, Config(), MODEL)
    assert not is_adverse(BINARY, config(""), MODEL)
    assert not is_adverse(BINARY, config("yes"), MODEL)
    assert is_adverse(BINARY, config("no"), MODEL)
    assert not is_adverse(replace(MULTICLASS, positive=-1), config("a"), MODEL)


def test_a_class_that_the_model_does_not_have_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert not is_adverse(BINARY, config("Yes"), MODEL)
    assert "favourable_class: 'Yes' is none of the classes ['no', 'yes']" in caplog.text
