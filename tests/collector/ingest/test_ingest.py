from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.errors import InputError, MIOpsError, StoreError, StoreMemoryError, UnavailableError
from miops_collector.ingest import Ingest, IngestSettings
from miops_collector.intake import Outcome
from miops_collector.otlp.decode import Decoded, decode
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.telemetry import Telemetry
from tests.collector.otlp.payloads import NOW, events, spans
from tests.collector.receivers.running import MemorySink, value

PREDICTION = {"miops.model.name": "m", "miops.prediction.value": 1.0}
GARBAGE = b"\x0a\xff garbage"


@contextmanager
def ingesting(sink: MemorySink, **options: object) -> Iterator[tuple[Ingest, Telemetry]]:
    telemetry = Telemetry()
    ingest = Ingest(sink, telemetry, IngestSettings(**options), now=lambda: NOW)  # type: ignore[arg-type]
    ingest.start()
    try:
        yield ingest, telemetry
    finally:
        sink.hold.set()
        ingest.close()


def payload(*values: dict[str, object]) -> bytes:
    return spans(*(PREDICTION | v for v in values))


def one(name: str) -> bytes:
    return payload({"miops.prediction.id": name})


def submit(ingest: Ingest, body: bytes) -> Future[Outcome]:
    return ingest.submit("traces", body, transport="grpc")


def test_future_is_done_after_the_commit() -> None:
    sink = MemorySink()
    sink.hold.clear()
    with ingesting(sink) as (ingest, _):
        future = submit(ingest, payload({}))
        time.sleep(0.1)
        assert not future.done()

        sink.hold.set()
        assert future.result(10) == Outcome()
        assert sink.rows == 1


def test_requests_that_wait_together_share_a_commit() -> None:
    sink = MemorySink()
    telemetry = Telemetry()
    ingest = Ingest(sink, telemetry, now=lambda: NOW)
    futures = [submit(ingest, one(f"p{i}")) for i in range(50)]
    ingest.start()  # once it runs, the first request may be gone before the second comes
    for future in futures:
        future.result(10)
    ingest.close()

    assert sink.seq == 1
    assert [r.table.num_rows for r in sink.records] == [50]
    assert value(telemetry, "commits") == 1


def test_groups_are_bounded_in_items_and_bytes() -> None:
    for options in ({"group_items": 10}, {"group_bytes": 10 * len(one("p00"))}):
        sink = MemorySink()
        with ingesting(sink, linger_seconds=0.2, **options) as (ingest, _):
            for future in [submit(ingest, one(f"p{i:02}")) for i in range(25)]:
                future.result(10)

        assert sum(r.table.num_rows for r in sink.records) == 25
        assert max(r.table.num_rows for r in sink.records) == 10


def test_kinds_are_not_mixed_and_stay_in_order() -> None:
    sink = MemorySink()
    with ingesting(sink, linger_seconds=0.1) as (ingest, _):
        truth = events("miops.ground_truth", {"miops.prediction.id": "a", "miops.ground_truth.value": 1})
        futures = [
            submit(ingest, one("a")),
            ingest.submit("logs", truth, transport="http"),
            submit(ingest, one("b")),
        ]
        for future in futures:
            future.result(10)

        assert [r.kind for r in sink.records] == ["predictions", "ground_truth", "predictions"]


def test_a_bad_request_fails_alone() -> None:
    sink = MemorySink()
    with ingesting(sink, linger_seconds=0.2) as (ingest, telemetry):
        late = payload({}, {"miops.prediction.time": 1})
        good, bad, refused = (submit(ingest, body) for body in (one("a"), GARBAGE, late))

        assert good.result(10) == Outcome()
        with pytest.raises(InputError):
            bad.result(10)
        assert refused.result(10).rejected == 1
        assert sink.rows == 2
        outcomes = {o: value(telemetry, "requests", request_outcome=o) for o in ("success", "invalid", "partial")}
        assert outcomes == {"success": 1, "invalid": 1, "partial": 1}


def test_a_request_that_is_cut_short_swallows_nothing_of_the_next() -> None:
    sink = MemorySink()
    whole = one("a" * 100)
    with ingesting(sink, linger_seconds=0.3) as (ingest, _):
        futures = [submit(ingest, body) for body in (one("x"), whole[:-60], one("b"), whole[:-90], one("c"))]

        assert [future.exception(10) is None for future in futures] == [True, False, True, False, True]
        assert sink.rows == 3


@pytest.mark.parametrize("error", [InputError("no"), StoreMemoryError("too much")])
def test_what_the_store_refuses_is_found_among_those_it_was_committed_with(error: Exception) -> None:
    class Picky(MemorySink):
        def __call__(self, records):  # type: ignore[no-untyped-def]
            if any("bad" in r.table["id_text"].to_pylist() for r in records):
                raise error
            return super().__call__(records)

    sink = Picky()
    with ingesting(sink, linger_seconds=0.2) as (ingest, _):
        futures = {name: submit(ingest, one(name)) for name in ("a", "bad", "c")}

        assert futures["a"].result(10) == futures["c"].result(10) == Outcome()
        with pytest.raises(type(error)):
            futures["bad"].result(10)


@pytest.mark.parametrize("error", [StoreError("disk full"), RuntimeError("bug"), MemoryError()])
def test_the_writer_outlives_every_error(error: Exception) -> None:
    sink = MemorySink(errors=[error])
    with ingesting(sink) as (ingest, telemetry):
        with pytest.raises(UnavailableError):
            submit(ingest, one("a")).result(10)

        assert submit(ingest, one("a")).result(10) == Outcome()
        assert (sink.rows, value(telemetry, "rows.received"), value(telemetry, "commits.failed")) == (1, 1, 1)


def test_the_decoder_outlives_every_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(kind: object, body: bytes, *_: object, **__: object) -> Decoded:
        if b"bug" in body:
            raise ZeroDivisionError
        return decode("traces", body, DecodeSettings(), now=NOW)

    monkeypatch.setattr("miops_collector.ingest.decode", broken)
    with ingesting(MemorySink(), linger_seconds=0.2) as (ingest, _):
        bug, fine = submit(ingest, one("bug")), submit(ingest, one("fine"))

        with pytest.raises(ZeroDivisionError):
            bug.result(10)
        assert fine.result(10) == Outcome()


def test_too_much_waiting_is_refused_and_room_comes_back() -> None:
    sink = MemorySink()
    sink.hold.clear()
    size = len(one("a"))
    delay = {"retry_after_seconds": 9.0, "retry_spread_seconds": 0.0}
    with ingesting(sink, max_waiting_bytes=3 * size, **delay) as (ingest, telemetry):
        waiting = [submit(ingest, one(name)) for name in "abc"]
        with pytest.raises(UnavailableError) as caught:
            submit(ingest, one("d"))

        assert caught.value.retry_after_seconds == 9.0
        assert value(telemetry, "queue.size") == value(telemetry, "queue.capacity") == 3 * size
        assert value(telemetry, "items.refused") == 1
        sink.hold.set()
        for future in waiting:
            future.result(10)
        assert submit(ingest, one("d")).result(10) == Outcome()
        assert value(telemetry, "queue.size") == 0


def test_a_request_larger_than_all_room_is_taken_when_nothing_waits() -> None:
    with ingesting(MemorySink(), max_waiting_bytes=10) as (ingest, _):
        assert submit(ingest, one("a")).result(10) == Outcome()


def test_close_commits_what_waits_and_refuses_what_comes() -> None:
    sink = MemorySink()
    with ingesting(sink, linger_seconds=5.0) as (ingest, _):
        futures = [submit(ingest, one(f"p{i}")) for i in range(10)]
        begun = time.monotonic()
        ingest.close()

        assert time.monotonic() - begun < 4
        assert [f.result(0) for f in futures] == [Outcome()] * 10
        assert sink.rows == 10
        with pytest.raises(UnavailableError, match="shutting down"):
            submit(ingest, one("late"))
        ingest.close()


def test_close_before_start_is_fine() -> None:
    Ingest(MemorySink(), Telemetry()).close()


def test_a_client_that_gave_up_changes_nothing() -> None:
    sink = MemorySink()
    sink.hold.clear()
    with ingesting(sink, linger_seconds=0.1) as (ingest, _):
        gone, stays = submit(ingest, one("a")), submit(ingest, one("b"))
        assert gone.cancel()
        sink.hold.set()

        assert stays.result(10) == Outcome()
        assert sink.rows == 2


def test_rows_that_did_not_come_as_otlp() -> None:
    sink = MemorySink()
    records = decode("traces", one("a"), DecodeSettings(), now=NOW).records
    with ingesting(sink) as (ingest, telemetry):
        assert ingest.submit_records(records, transport="http").result(10) == Outcome()

        assert sink.rows == 1
        assert value(telemetry, "rows.received") == value(telemetry, "rows.stored") == 1


def test_metrics_and_other_telemetry_need_no_commit() -> None:
    sink = MemorySink()
    with ingesting(sink) as (ingest, telemetry):
        assert ingest.submit("metrics", b"", transport="grpc").result(10) == Outcome()
        assert submit(ingest, spans({"http.route": "/"})).result(10) == Outcome()

        assert sink.seq == 0
        assert value(telemetry, "items.other") == 1


REQUESTS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 15), st.sampled_from(["ok", "late", "nameless", "other", "recorded"])), max_size=5
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=25)
@given(requests=REQUESTS, garbage=st.booleans(), failures=st.integers(0, 2))
def test_every_row_received_is_stored_refused_or_deduplicated(
    requests: list[list[tuple[int, str]]], garbage: bool, failures: int
) -> None:
    said: dict[str, dict[str, object]] = {
        "ok": {}, "late": {"miops.prediction.time": 1}, "nameless": {"miops.model.name": ""},
        "other": {"miops.prediction.value": None}, "recorded": {"miops.recorded": True},
    }  # fmt: skip
    sink = MemorySink(errors=[StoreError("away")] * failures)
    bodies = [payload(*({"miops.prediction.id": f"p{i}"} | said[what] for i, what in each)) for each in requests]
    with ingesting(sink, linger_seconds=0.001) as (ingest, telemetry):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda body: send_until_taken(ingest, body), bodies + [GARBAGE] * garbage))

        counted = {n: value(telemetry, f"rows.{n}") for n in ("received", "stored", "refused", "deduplicated")}
    rows = [(i, what) for each in requests for i, what in each if what not in {"other", "recorded"}]
    assert counted["received"] == len(rows)
    assert counted["received"] == counted["stored"] + counted["refused"] + counted["deduplicated"]
    assert counted["stored"] == len({i for i, what in rows if what == "ok"})
    assert counted["refused"] == sum(what != "ok" for _, what in rows)


def send_until_taken(ingest: Ingest, body: bytes) -> None:
    """As an exporter: again while the answer says so."""
    for _ in range(5):
        try:
            submit(ingest, body).result(10)
        except UnavailableError:
            continue
        except InputError:
            return
        return
    pytest.fail("never taken")


def test_clients_that_are_refused_together_are_told_to_come_again_at_different_times() -> None:
    sink = MemorySink()
    sink.hold.clear()
    size = len(one("a"))
    with ingesting(sink, max_waiting_bytes=size, retry_after_seconds=0.5, retry_spread_seconds=2.0) as (ingest, _):
        waiting = submit(ingest, one("a"))
        delays = []
        for _ in range(20):
            with pytest.raises(UnavailableError) as caught:
                submit(ingest, one("b"))
            delays.append(caught.value.retry_after_seconds)
        sink.hold.set()
        waiting.result(10)

    assert 0.5 <= min(delays) < max(delays) <= 2.5
    assert len(set(delays)) == 20


def test_refusing_is_told_once_with_a_sample(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "miops_collector.episodes")
    sink = MemorySink()
    sink.hold.clear()
    with ingesting(sink, max_waiting_bytes=1) as (ingest, _):
        submit(ingest, one("first"))
        for i in range(3):
            with pytest.raises(UnavailableError):
                submit(ingest, one(f"p{i}"))
        ingest.look()

    (told,) = caplog.messages
    assert told.startswith("requests are refused, such as: ")
    assert "bytes of traces over grpc" in told


def test_rows_that_are_refused_are_told_once_with_a_sample(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "miops_collector.episodes")
    with ingesting(MemorySink()) as (ingest, _):
        for _ in range(3):
            bad = submit(ingest, payload({"miops.model.name": ""}))
            assert bad.result(10).rejected == 1

    (told,) = caplog.messages
    assert told.startswith("rows are refused for good, such as: ")


@pytest.mark.parametrize("error", [None, StoreError("disk full"), ZeroDivisionError("by nought")])
def test_a_request_that_fails_is_let_go_without_the_garbage_collector(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miops_collector.ingest.log.disabled", True)  # pytest keeps what is logged, with its frames
    body = GARBAGE + bytes(100) if error is None else one("a")
    before = sys.getrefcount(body)
    gc.disable()
    try:
        with ingesting(MemorySink(errors=[error] if error else [])) as (ingest, _):
            failure = submit(ingest, body).exception(20)
        after = sys.getrefcount(body)
    finally:
        gc.enable()

    assert isinstance(failure, MIOpsError)
    assert after == before
