"""Connections that send without end, slowly, or in two voices: answered or closed early, asked over real sockets."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "records"))
from live import Live, live
from ward import Ward, open_ward

from suwen.govern import Role
from suwen.server.tls import patience
from suwen.server.visitors import HEADER, SESSION, csrf_of

MOST = 1 << 33  # bytes: more than loopback carries in the half second until a connection is cut off
FORM = "content-type: application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("slow") / "store") as ward:
        yield ward


@pytest.fixture(scope="module")
def server(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patience, "HEAD_SECONDS", 0.6)
        patch.setattr(patience, "STALL_SECONDS", 0.6)
        with live(ward, tmp_path_factory.mktemp("certificate"), a_minute=100_000) as served:
            yield served


@contextmanager
def connected(server: Live) -> Iterator[ssl.SSLSocket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = server.house.settings.port
    with (
        closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        yield secured


def rest(connection: ssl.SSLSocket) -> bytes:
    """All that comes until the other end closes."""
    found = b""
    while True:
        try:
            part = connection.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return found
        if not part:
            return found
        found += part


def said(server: Live, request: bytes) -> bytes:
    with connected(server) as connection:
        connection.sendall(request)
        return rest(connection)


def head(line: str = "GET /sign-in HTTP/1.1", *headers: str) -> bytes:
    return "\r\n".join([line, "host: localhost", "connection: close", *headers, "", ""]).encode()


def endless(connection: ssl.SSLSocket, piece: bytes, most: int) -> int:
    """How much of an endless thing the other end takes before it closes."""
    sent = 0
    try:
        while sent < most:
            connection.sendall(piece)
            sent += len(piece)
    except (ConnectionError, ssl.SSLError):
        pass
    return sent


@pytest.mark.parametrize("begin", [b"GET /", b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ", b"GET / HTTP/1.1\r\nx"])
def test_an_address_or_header_that_never_ends_is_not_gathered(server: Live, begin: bytes) -> None:
    """The parser would join it in memory for as long as it comes."""
    with connected(server) as connection:
        connection.sendall(begin)
        sent = endless(connection, b"a" * 16384, MOST)
        answer = rest(connection)
    assert sent < MOST
    assert not answer or answer.split(b" ")[1] in {b"431", b"400"}


def test_a_trailer_that_never_ends_is_not_gathered(server: Live) -> None:
    request = head("POST /language HTTP/1.1", "transfer-encoding: chunked", "content-type: text/plain")
    with connected(server) as connection:
        connection.sendall(request + b"1\r\na\r\n0\r\nx: ")
        assert endless(connection, b"a" * 16384, MOST) < MOST


def test_long_heads_within_the_bounds_are_answered(server: Live) -> None:
    assert said(server, head("GET /sign-in HTTP/1.1", "x: " + "a" * 30_000)).startswith(b"HTTP/1.1 200 ")
    assert said(server, head("GET /sign-in HTTP/1.1", "x: " + "a" * 40_000)).startswith(b"HTTP/1.1 431 ")


def test_a_large_body_is_not_taken_for_a_head(server: Live, ward: Ward) -> None:
    """Proves that the count begins anew with each piece of a body: a body ten times the bound passes."""
    actor = ward[Role.PHYSICIAN]
    body = b"x" * (10 * patience.LONGEST_HEAD)
    request = head(
        "POST /patients/import HTTP/1.1", f"cookie: {SESSION}={actor.id}.{actor.token}", f"{HEADER}: {csrf_of(actor)}",
        "content-type: multipart/form-data; boundary=b", f"content-length: {len(body)}",
    )  # fmt: skip
    assert said(server, request + body).split(b" ")[1] == b"400"  # no form, but read to its end


@pytest.mark.parametrize(
    ("begin", "status"),
    [
        (b"", b""),
        (b"GET /sign-in HTTP/1.1\r\nhost: loc", b"408"),
        (head("POST /sign-in HTTP/1.1", FORM, "content-length: 9"), b"408"),
        (head("POST /sign-in HTTP/1.1", FORM, "content-length: 9") + b"login=", b"408"),
    ],
    ids=["nothing", "half a head", "no body", "half a body"],
)
def test_who_does_not_go_on_is_not_waited_for(server: Live, begin: bytes, status: bytes) -> None:
    began = time.monotonic()
    answer = said(server, begin)
    assert answer.split(b" ")[1:2] == ([status] if status else [])
    assert time.monotonic() - began < 15


def test_a_byte_now_and_then_is_too_slow(server: Live) -> None:
    """Slow loris: each byte alone would keep a timer of silence from ending."""
    with connected(server) as connection:
        connection.sendall(head("POST /sign-in HTTP/1.1", FORM, "content-length: 60000"))
        sent = 0
        while sent < 100 and endless(connection, b"a", 1):
            time.sleep(0.1)
            sent += 1
    assert sent < 100


def test_a_kept_connection_serves_one_request_after_the_other(server: Live) -> None:
    """Proves that the timers of one request do not end the next."""
    with connected(server) as connection:
        for _ in range(4):
            connection.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            answer = b""
            while not answer.endswith(b'"alive"}'):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 ")
            time.sleep(0.3)


@pytest.mark.parametrize(
    "request_",
    [
        head("POST /sign-in HTTP/1.1", "content-length: 5", "transfer-encoding: chunked") + b"0\r\n\r\n",
        head("POST /sign-in HTTP/1.1", "content-length: 5", "content-length: 6") + b"abcdef",
        head("POST /sign-in HTTP/1.1", "transfer-encoding: chunked, identity") + b"0\r\n\r\n",
        head("POST /sign-in HTTP/1.1", "transfer-encoding : chunked") + b"0\r\n\r\n",
        head("POST /sign-in HTTP/1.1", "content-length: +5") + b"abcde",
        head("GET /sign-in HTTP/1.1", "x: a\rset-cookie: b"),
        head("GET /sign-in HTTP/1.1", "x: a\0b"),
        b"GET /sign-in HTTP/1.1\r\nhost: localhost\r\n folded: x\r\nconnection: close\r\n\r\n",
        head("GET /sign-in HTTP/9.9"),
        head("TRACE /sign-in HTTP/1.1"),
        head("CONNECT localhost:1 HTTP/1.1"),
        head("GET /sign-in HTTP/1.1", "content-type: a/b", "content-type: c/d"),
        head("GET /sign-in HTTP/1.1", "host: evil.example"),
    ],
    ids=[
        "length and chunks", "two lengths", "chunks not last", "space before the colon", "signed length", "bare return",
        "null", "folded", "version", "trace", "connect", "two types", "two hosts",
    ],
)  # fmt: skip
def test_what_may_be_read_in_two_ways_is_not_read(server: Live, request_: bytes) -> None:
    """Request smuggling and splitting: whatever stands before this server may read it the other way."""
    answer = said(server, request_)
    assert answer.split(b" ")[1] in {b"400", b"403", b"404", b"405", b"421", b"431", b"501"}
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"folded" not in answer


def test_a_method_is_not_taken_from_a_header(server: Live, ward: Ward) -> None:
    """A GET that says it is a POST is a GET: it changes nothing."""
    actor = ward[Role.PHYSICIAN]
    cookie = f"cookie: {SESSION}={actor.id}.{actor.token}"
    answer = said(server, head("GET /sign-out HTTP/1.1", cookie, "x-http-method-override: POST"))
    assert answer.split(b" ")[1] == b"405"
    assert said(server, head("GET /session HTTP/1.1", cookie)).split(b" ")[1] == b"204"


def test_patience_is_the_parsers_own(server: Live) -> None:
    """Were the bounds not around the parser that serves, all of this would prove nothing."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415

    from suwen.server.tls.protocol import configuration  # noqa: PLC0415

    made: Any = configuration(lambda *_: None, server.house).http_protocol_class  # type: ignore[arg-type]
    assert issubclass(made, HttpToolsProtocol)
    assert made.__mro__[1] is patience.Bounded


def test_nothing_is_said_without_tls(server: Live) -> None:
    """A plain request is no request: there is no port without TLS, and no redirect that would hide one."""
    with closing(socket.create_connection(("127.0.0.1", server.house.settings.port), timeout=20)) as plain:
        plain.sendall(b"GET /sign-in HTTP/1.1\r\nhost: localhost\r\n\r\n")
        found = b""
        try:
            while part := plain.recv(65536):
                found += part
        except ConnectionError:
            pass
    assert b"HTTP/" not in found


def test_a_path_with_two_slashes_leads_to_no_other_host(server: Live) -> None:
    for path in ("//evil.example/", "//evil.example/%2e%2e", "/\\evil.example/", "///evil.example//"):
        answer = said(server, head(f"GET {path} HTTP/1.1"))
        places = [one for one in answer.split(b"\r\n") if one.lower().startswith(b"location:")]
        assert all(b"//localhost" in one or one.split(b" ")[1][:2] not in {b"//", b"/\\"} for one in places), places
