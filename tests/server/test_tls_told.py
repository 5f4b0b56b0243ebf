"""Failed TLS handshakes stand in the log: one line each, why, so many a minute, nothing of what was sent."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
from test_tls_callers import Running, ask, refused, running

from suwen.records.identity import authority as authorities
from suwen.server.tls.handshakes import Failed, tell_failures
from suwen.server.watch.logs import Lines

HIDDEN = "patient-4711.example"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("told")) as server:
        yield server


def lines(log: pytest.LogCaptureFixture, count: int) -> list[str]:
    """So many lines of failed handshakes, once they are there: the server writes them in a thread of its own."""
    for _ in range(500):
        found = [Lines().format(one) for one in log.records if "handshake" in one.getMessage()]
        if len(found) >= count:
            return found
        time.sleep(0.01)
    return found


def plain(server: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_an_old_version_a_stranger_and_what_is_no_tls_are_told(told: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "suwen.server")
    old = told.context()
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.check_hostname = False
    with plain(told) as raw, pytest.raises(ssl.SSLError):
        old.wrap_socket(raw, server_hostname=HIDDEN)
    assert "unsupported protocol" in lines(caplog, 1)[0]
    with plain(told) as raw:
        raw.sendall(f"GET /patients/{HIDDEN} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert b"HTTP/1.1 2" not in raw.recv(1000)
    assert "http request" in lines(caplog, 2)[1]
    rogue = authorities.create_authority(HIDDEN, clock=told.ward.clock)
    key, request = authorities.certificate_request(HIDDEN)
    forged = authorities.issue(rogue, request, device=HIDDEN, clock=told.ward.clock)
    assert refused(told, told.written("rogue", forged, key))
    found = lines(caplog, 3)
    assert len(found) == 3
    assert "certificate verify failed" in found[2]
    assert not any(HIDDEN in one or "\n" in one for one in found)
    with told.connected(told.device("monitor")) as tls:  # whoever is right is no line
        assert ask(tls)[0] == 200
    assert len([one for one in caplog.records if "handshake" in one.getMessage()]) == 3


def test_a_flood_is_told_of_in_few_lines_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "suwen.server")
    now = [0.0]
    failed = Failed(clock=lambda: now[0], most=3)
    for _ in range(1000):
        failed.tell(ssl.SSLError(1, "text with\nits own lines"))
    assert len(caplog.records) == 3
    now[0] = 61.0
    failed.tell(ssl.SSLError(1, "text"))
    said: Any = caplog.records[-1]
    assert said.said == {"message": "a TLS handshake failed", "why": "unknown", "untold": 997}


def test_a_handshake_that_waits_is_no_failure(told: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "suwen.server")
    settings = told.house.settings
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(settings.certificate), str(settings.key))
    tell_failures(context, Failed())
    to = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(to, ssl.MemoryBIO(), server_side=True).do_handshake()
    assert caplog.records == []
