from __future__ import annotations

import uuid

import mmh3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.otlp.ids import key_of, keys_of, numbered_keys


def oracle(text: bytes) -> bytes:
    """Both halves of MurmurHash3_x64_128 as mmh3 has them, big-endian."""
    low, high = mmh3.hash64(text, seed=0, x64arch=True, signed=False)
    return low.to_bytes(8, "big") + high.to_bytes(8, "big")


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80))
def test_keys_of_texts_are_their_murmur_hash(text: bytes) -> None:
    keys, canonical = keys_of(
        np.frombuffer(text, np.uint8), np.zeros(1, np.int64), np.array([len(text)]), np.ones(1, bool)
    )

    assert keys.tobytes() == oracle(text)
    assert not canonical[0]


@settings(deadline=None, max_examples=50)
@given(st.uuids())
def test_keys_of_uuids_are_their_bytes_in_any_spelling(value: uuid.UUID) -> None:
    for text in (str(value), str(value).upper(), value.hex, value.hex.upper()):
        assert key_of(text) == value.bytes


@pytest.mark.parametrize(
    "text",
    [
        "0190163d-8694-739b-aea5-966c26f8ad9",
        "0190163d-8694-739b-aea5-966c26f8ad9g",
        "0190163d_8694_739b_aea5_966c26f8ad91",
        "{190163d-8694-739b-aea5-966c26f8ad91}",
        "0190163d8694739baea5966c26f8ad9 ",
        "0190163d-86-94739b-aea5-966c26f8ad91",
        "",
        "é" * 16,
    ],
)
def test_nearly_uuids_are_hashed(text: str) -> None:
    assert key_of(text) == oracle(text.encode())


def test_known_value() -> None:
    """MurmurHash3_x64_128 of "hello", seed 0."""
    assert key_of("hello").hex() == "cbd8a7b341bd9b025b1e906a48ae1d19"


def test_numbered_keys_differ_by_seed_and_number() -> None:
    seeds = np.array([[1] * 24, [1] * 24, [2] * 24], np.uint8)

    keys = numbered_keys(seeds, np.array([0, 1, 0]))

    assert len({key.tobytes() for key in keys}) == 3
    assert keys[1].tobytes() == oracle(bytes([1] * 24) + (1).to_bytes(8, "little"))
