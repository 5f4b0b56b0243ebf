"""Mutual TLS 1.3 over real sockets: who comes with a registered certificate is known, everybody else gets nothing."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import StreamingResponse
from ward import Clock, Ward, open_ward

from suwen.govern import (
    Act,
    EventKind,
    Outcome,
    Role,
    begin_authority,
    certify_device,
    read_audit,
    revoke_device,
    trust_authority,
    trusted_authorities,
)
from suwen.records.identity import authority as authorities
from suwen.server.callers import Called
from suwen.server.failures import register_failures
from suwen.server.house import House, Science
from suwen.server.settings import Settings
from suwen.server.tls import trust
from suwen.server.tls.certificates import own_certificate
from suwen.server.tls.protocol import certificate_of, configuration
from suwen.server.tls.trust import renew_trust

DAY = 86_400
router = APIRouter(prefix="/api")


@router.get("/who")
def who(caller: Called, request: Request) -> dict[str, Any]:
    address = request.client.host if request.client else ""
    return {"device": caller.actor.device, "id": caller.actor.id, "address": address}


@router.get("/stream")
def stream(caller: Called) -> StreamingResponse:
    events = (f"data: {number} {caller.actor.id}\n\n" for number in range(3))
    return StreamingResponse(events, media_type="text/event-stream")


@dataclass
class Running:
    """A server on a free port, with a ward behind it."""

    ward: Ward
    house: House
    port: int
    folder: Path

    def context(self, pair: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.house.settings.certificate))
        if pair:
            context.load_cert_chain(*map(str, pair))
        return context

    @contextmanager
    def connected(self, pair: tuple[Path, Path] | None = None) -> Iterator[ssl.SSLSocket]:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        with plain, self.context(pair).wrap_socket(plain, server_hostname="localhost") as tls:
            yield tls

    def device(self, name: str, *, days: int = 365) -> tuple[Path, Path]:
        """Certificate and key of a device that the hospital certified and registered."""
        key, request = authorities.certificate_request(name)
        certificate = certify_device(
            self.ward[Role.ADMINISTRATOR], self.ward.records, request, name=name, acts=[Act.VIEW], days=days
        )
        return self.written(name, certificate, key)

    def written(self, name: str, certificate: str, key: str) -> tuple[Path, Path]:
        pair = (self.folder / f"{name}.crt", self.folder / f"{name}.key")
        pair[0].write_text(certificate)
        pair[1].write_text(key)
        return pair


def ask(tls: ssl.SSLSocket, path: str = "/api/who", *headers: str) -> tuple[int, dict[str, Any]]:
    tls.sendall(request_of(path, *headers))
    return answered(tls.makefile("rb"))


def request_of(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: localhost", *headers, "", ""]).encode()


def answered(file: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the next answer on a connection."""
    status = int(file.readline().split()[1])
    length = 0
    while (line := file.readline().strip()) != b"":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, json.loads(file.read(length))


@contextmanager
def running(folder: Path, parser: str = "httptools") -> Iterator[Running]:
    import uvicorn  # noqa: PLC0415

    certificate, key = own_certificate(folder / "tls", "localhost")
    with open_ward(folder / "store", clock=Clock(time.time())) as ward:
        begin_authority(ward[Role.ADMINISTRATOR], ward.records, "Hospital")
        settings = Settings(store=ward.home, certificate=certificate, key=key)
        house = House(ward.records, settings, Science(lambda: None))
        app = FastAPI()
        app.state.house = house
        app.include_router(router)
        register_failures(app)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            server = uvicorn.Server(configuration(app, house, http=parser))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                while not server.started:
                    time.sleep(0.01)
                yield Running(ward, house, listening.getsockname()[1], folder)
            finally:
                server.should_exit = True
                thread.join(10)


@pytest.fixture(scope="module", params=["httptools", "h11"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The same server with each of uvicorn's parsers: both must pass the certificate on."""
    with running(tmp_path_factory.mktemp("tls"), request.param) as found:
        yield found


def logins(server: Running) -> list[Outcome]:
    found = read_audit(server.ward[Role.AUDITOR], server.ward.records, kind=EventKind.LOGIN)
    return [event.outcome for _, event in found if event.act == "log in"]


def test_a_registered_device_is_known_on_every_request_of_a_connection_and_signs_in_once(server: Running) -> None:
    pair = server.device("monitor-1")
    before = len(logins(server))
    with server.connected(pair) as tls:
        assert tls.version() == "TLSv1.3"
        answers = [ask(tls) for _ in range(3)]
    assert [status for status, _ in answers] == [200] * 3
    assert all(body["device"] and body == answers[0][1] for _, body in answers)
    assert logins(server)[before:] == [Outcome.SUCCESS]  # one entry for the connection, not for each request
    with server.connected(pair) as tls:
        assert ask(tls)[0] == 200
    assert len(logins(server)) == before + 2


def test_pipelined_requests_and_an_event_stream_know_the_device(server: Running) -> None:
    pair = server.device("monitor-2")
    with server.connected(pair) as tls:
        tls.sendall(request_of("/api/who") * 3)
        file = tls.makefile("rb")
        answers = [answered(file) for _ in range(3)]
        assert [status for status, _ in answers] == [200] * 3
        tls.sendall(request_of("/api/stream", "connection: close"))
        streamed = file.read()
    assert streamed.count(answers[0][1]["id"].encode()) == 3


def test_nobody_chooses_their_own_address(server: Running) -> None:
    """Else whoever writes a header is counted under another's address, or reads what is for this machine alone."""
    with server.connected(server.device("monitor-6")) as tls:
        said = ask(tls, "/api/who", "x-forwarded-for: 10.9.8.7", "x-forwarded-proto: http", "forwarded: for=10.9.8.7")
    assert said[1]["address"] == "127.0.0.1"


def test_without_a_certificate_nothing_even_where_a_header_claims_one(server: Running) -> None:
    pair = server.device("monitor-3")
    text = pair[0].read_text().replace("\n", " ")
    with server.connected() as tls:
        assert ask(tls)[0] == 401
        for name in ("x-client-cert", "x-ssl-client-cert", "x-forwarded-client-cert", "client-cert", "tls"):
            assert ask(tls, "/api/who", f"{name}: {text}")[0] == 401


def test_revocation_takes_effect_on_an_open_connection_at_the_next_request(server: Running) -> None:
    pair = server.device("monitor-4")
    with server.connected(pair) as tls:
        assert ask(tls)[0] == 200
        revoke_device(server.ward[Role.SECURITY_OFFICER], server.ward.records, "monitor-4")
        assert ask(tls)[0] == 401
    with server.connected(pair) as tls:  # the handshake still trusts the authority; the register does not
        assert ask(tls)[0] == 401
    assert logins(server)[-1] is Outcome.FAILURE


def test_a_certificate_that_runs_out_on_an_open_connection_is_refused(server: Running) -> None:
    pair = server.device("monitor-5", days=1)
    now = server.ward.clock.now
    with server.connected(pair) as tls:
        assert ask(tls)[0] == 200
        server.ward.clock.now = now + 2 * DAY
        try:
            assert ask(tls)[0] == 401
        finally:
            server.ward.clock.now = now


def refused(server: Running, pair: tuple[Path, Path]) -> bool:
    """Whether a client never gets an answer: with TLS 1.3 its own handshake is over before the server refuses it."""
    try:
        with server.connected(pair) as tls:
            tls.sendall(request_of("/api/who"))
            return tls.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_a_rogue_authority_and_a_certificate_past_its_time_fail_in_the_handshake(server: Running) -> None:
    clock = server.ward.clock
    rogue = authorities.create_authority("Hospital", clock=clock)
    key, request = authorities.certificate_request("monitor-1")
    forged = authorities.issue(rogue, request, device="monitor-1", clock=clock)
    assert refused(server, server.written("rogue", forged, key))

    old = Clock(clock.now - 400 * DAY)
    vendor = authorities.create_authority("Vendor", clock=old)
    trust_authority(server.ward[Role.ADMINISTRATOR], server.ward.records, vendor.certificate)
    renew_trust(server.house)
    key, request = authorities.certificate_request("old")
    assert refused(server, server.written("old", authorities.issue(vendor, request, device="old", clock=old), key))


def test_an_unregistered_certificate_of_a_trusted_authority_passes_the_handshake_and_gets_nothing(
    server: Running,
) -> None:
    vendor = authorities.create_authority("Another vendor", clock=server.ward.clock)
    key, request = authorities.certificate_request("stranger")
    pair = server.written(
        "stranger", authorities.issue(vendor, request, device="stranger", clock=server.ward.clock), key
    )
    assert refused(server, pair)  # not trusted yet
    trust_authority(server.ward[Role.ADMINISTRATOR], server.ward.records, vendor.certificate)
    renew_trust(server.house)
    with server.connected(pair) as tls:
        assert ask(tls)[0] == 401


def test_tls_1_2_is_refused(server: Running) -> None:
    context = server.context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    with plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


def test_only_public_certificates_are_told_to_the_server(server: Running) -> None:
    found = trusted_authorities(server.ward.records)
    assert found
    assert all(one.startswith("-----BEGIN CERTIFICATE-----") and "PRIVATE" not in one for one in found)


def test_a_scope_without_a_connection_has_no_certificate() -> None:
    assert certificate_of({"type": "http", "headers": [(b"client-cert", b"x")]}) is None


def test_an_authority_made_while_the_server_runs_is_taken_up_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before there is one, no certificate is asked for, so that browsers have nobody choose one."""
    monkeypatch.setattr(trust, "_EVERY", 0.0)
    certificate, key = own_certificate(tmp_path / "tls", "localhost")
    with open_ward(tmp_path / "store", clock=Clock(time.time())) as ward:
        house = House(ward.records, Settings(store=ward.home, certificate=certificate, key=key), Science(lambda: None))
        context = configuration(FastAPI(), house).ssl
        assert context is not None
        assert (context.verify_mode, context.minimum_version) == (ssl.CERT_NONE, ssl.TLSVersion.TLSv1_3)
        begin_authority(ward[Role.ADMINISTRATOR], ward.records, "Hospital")
        client = ssl.create_default_context(cafile=str(certificate))
        to, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        with pytest.raises(ssl.SSLWantReadError):
            client.wrap_bio(back, to, server_hostname="localhost").do_handshake()
        with pytest.raises(ssl.SSLWantReadError):
            context.wrap_bio(to, back, server_side=True).do_handshake()  # a handshake has begun
        for thread in [one for one in threading.enumerate() if one.name == "authorities"]:
            thread.join()
        assert context.verify_mode is ssl.CERT_OPTIONAL
        assert len(context.get_ca_certs()) == 1
