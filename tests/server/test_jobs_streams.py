"""Over TLS many look on at once: no thread for a stream, one drawing for all, and none outlives session or server."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jobs_for_tests as made
import pytest
from jobs_for_tests import until
from ward import Ward, open_ward

from suwen.govern import Actor, Role, log_out
from suwen.server.house import House, Science
from suwen.server.jobs import Jobs, JobState, jobs_of, streams
from suwen.server.jobs.board import Board
from suwen.server.serving import server_for
from suwen.server.settings import Settings
from suwen.server.tls.certificates import own_certificate
from suwen.server.tls.socket import bound
from suwen.server.visitors import SESSION
from suwen.subject import Saying

MANY = 60
TITLE = Saying("A count", "计数")


@contextlib.contextmanager
def serving(ward: Ward) -> Iterator[tuple[Jobs, int]]:
    """A real server on a free port, and the desk of its jobs; stopped as `serve` stops it."""
    certificate, key = own_certificate(ward.home.parent / "tls", "localhost")
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        settings = Settings(store=ward.home, port=port, certificate=certificate, key=key)
        house = House(ward.records, settings, Science(lambda: None))
        started = threading.Event()
        server = server_for(house, started=started.set)
        thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
        thread.start()
        assert started.wait(20)
        desk = jobs_of(house)
        try:
            yield desk, port
        finally:
            desk.stop()
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made.GATE.clear()
    with open_ward(tmp_path / "store") as ward:
        yield ward
    made.GATE.set()


async def looking_on(port: int, actor: Actor, path: str, each: Callable[[bytes], bool]) -> bytes:
    """All that a stream says until `each` of its pieces says that it is enough, or it ends."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    cookie = f"{SESSION}={actor.id}.{actor.token}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    told = b""
    try:
        async with asyncio.timeout(30):
            while piece := await reader.read(1 << 16):
                told += piece
                if each(told):
                    break
    finally:
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
    return told


def test_many_look_on_without_threads(ward: Ward) -> None:
    actor = ward[Role.RESEARCHER]
    with serving(ward) as (desk, port):
        job = desk.submit(actor, "test-counting", {"to": 3, "stop_at": 1}, TITLE)
        until(desk, job, JobState.RUNNING)
        drawn, threads = [], []
        board_drawn = desk.board.drawn
        desk.board.drawn = lambda *given: drawn.append(1) or board_drawn(*given)

        async def all_of_them() -> list[bytes]:
            tasks = [
                asyncio.create_task(looking_on(port, actor, f"/jobs/{job}/stream", lambda told: b"event: over" in told))
                for _ in range(MANY)
            ]
            while desk.board.watching < MANY:
                await asyncio.sleep(0.02)
            threads.append(threading.active_count())
            made.GATE.set()
            return await asyncio.gather(*tasks)

        before = threading.active_count()
        told = asyncio.run(all_of_them())
    assert len(told) == MANY
    assert all(b"event: part" in one and f"/jobs/{job}/result".encode() in one for one in told)
    assert threads[0] - before <= 45  # the pool that answers requests (40), whatever the number of streams
    assert len(drawn) >= 2 * MANY


def test_what_is_drawn_is_drawn_once_for_a_change() -> None:
    board, times = Board(), []

    async def watch() -> None:
        with board.watch("topic"):
            for _ in range(5):
                board.drawn("topic", "en", lambda: times.append("en") or "part")
            board.drawn("topic", "zh", lambda: times.append("zh") or "部分")
            board.tell("topic")
            board.drawn("topic", "en", lambda: times.append("en") or "part")

    asyncio.run(watch())
    assert times == ["en", "zh", "en"]


def test_a_stream_ends_with_its_session(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_ASK", 0.05)
    monkeypatch.setattr(streams, "_BEAT", 0.05)
    ward.patient(1)
    actor = ward[Role.PHYSICIAN]
    with serving(ward) as (desk, port):
        seen = []

        def beat(told: bytes) -> bool:
            if b": still here" in told and not seen:
                seen.append(time.monotonic())
                log_out(actor, ward.records)
            return False

        told = asyncio.run(looking_on(port, actor, "/jobs/stream", lambda told: beat(told) or b"event: over" in told))
        assert b"event: over" in told
        assert desk.board.watching == 0 or until_nobody(desk)


def until_nobody(desk: Jobs) -> bool:
    end = time.monotonic() + 10
    while desk.board.watching and time.monotonic() < end:
        time.sleep(0.01)
    return desk.board.watching == 0


def test_looking_on_is_no_use_of_the_session(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open page asks whether the session holds, again and again, and the session ends by itself all the same."""
    monkeypatch.setattr(streams, "_ASK", 0.02)
    monkeypatch.setattr(streams, "_BEAT", 0.02)
    actor = ward[Role.RESEARCHER]
    with serving(ward) as (_, port):

        def later(told: bytes) -> bool:
            if told.count(b": still here") in {3, 6, 9}:
                ward.clock.now += 400  # of 900 idle seconds
            return b"event: over" in told

        told = asyncio.run(looking_on(port, actor, "/jobs/stream", later))
    assert b"event: over" in told


def test_a_server_that_stops_lets_them_come_again(ward: Ward) -> None:
    """Without `over`: the browser then asks the server that comes after."""

    def ended(told: bytes) -> bool:
        return told.endswith(b"\r\n0\r\n\r\n")  # the last chunk (RFC 9112, 7.1)

    actor = ward[Role.RESEARCHER]
    with serving(ward) as (desk, port):
        job = desk.submit(actor, "test-counting", {"to": 3, "stop_at": 1}, TITLE)

        async def both() -> bytes:
            task = asyncio.create_task(looking_on(port, actor, f"/jobs/{job}/stream", ended))
            while not desk.board.watching:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(desk.stop)
            return await task

        told = asyncio.run(both())
    assert b"event: part" in told
    assert b"event: over" not in told


def test_a_browser_that_leaves_is_forgotten(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_BEAT", 0.05)
    actor = ward[Role.RESEARCHER]
    with serving(ward) as (desk, port):
        asyncio.run(looking_on(port, actor, "/jobs/stream", lambda told: b"event: part" in told))
        assert until_nobody(desk)
