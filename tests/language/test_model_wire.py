"""What is sent to a language model, and what a misbehaving server can do to whoever asks it.

Proven against a server of ours that speaks the protocol and misbehaves: nothing goes to an address not allowed or
redirected to; a call ends by its deadline; budget and audit hold for every attempt, and no error holds the note.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import model_server as ms
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_server import ASK, NAME, NOTE, Time, client

from suwen.errors import (
    AccessError,
    DataError,
    FormatError,
    InputError,
    MissingExtraError,
    NetworkError,
    SuwenError,
)
from suwen.language.model import (
    Answer,
    Budget,
    LocalWeights,
    OpenAIServer,
    Outcome,
    Prompted,
)
from suwen.language.model.address import admit, parse_address
from suwen.language.model.prompt import digest_of


def ask(model: OpenAIServer, schema: dict[str, Any] | None = None) -> Answer:
    return model.complete(ASK, schema=schema, limit_tokens=500)


# The protocol


def test_asks_greedily_with_a_schema_and_a_key_and_reads_the_answer() -> None:
    with ms.model_server(ms.says("fine")) as server:
        assert ask(client(server, key=lambda: "key-1"), {"type": "object"}) == Answer("fine", "tiny", 321, 45)
        (request,) = server.asked
        assert (request["temperature"], request["seed"], request["stream"]) == (0, 0, False)
        assert (request["model"], request["max_tokens"]) == ("tiny", 500)
        assert request["messages"] == [{"role": one.role, "content": one.text} for one in ASK]
        assert request["response_format"]["json_schema"]["schema"] == {"type": "object"}
        assert server.headers[0]["authorization"] == "Bearer key-1"


def test_a_server_without_schemas_is_asked_once_more_without() -> None:
    audit: list[Prompted] = []
    with ms.model_server(ms.no_schema(ms.says("plain"))) as server:
        budget = Budget(2, 10**6)
        assert ask(client(server, audit, budget=budget), {"type": "object"}).text == "plain"
        assert ["response_format" in one for one in server.asked] == [True, False]
        assert budget.calls == 0
        assert [one.outcome for one in audit][1::2] == [Outcome.REFUSED, Outcome.ANSWERED]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        pytest.param(ms.sends(b'{"choices": [{'), FormatError, id="malformed"),
        pytest.param(ms.sends(b"[" * 100_000), FormatError, id="nested"),
        pytest.param(ms.sends(b"\xff\xfe\x00"), FormatError, id="not text"),
        pytest.param(ms.sends(b'{"choices": []}'), FormatError, id="no choice"),
        pytest.param(ms.sends(b'{"choices": [{"message": {"content": 3}}]}'), FormatError, id="no text"),
        pytest.param(ms.says("half", "length"), FormatError, id="limit of tokens"),
        pytest.param(ms.huge, FormatError, id="huge"),
        pytest.param(ms.cut_off, NetworkError, id="cut off"),
        pytest.param(ms.hangs_up, NetworkError, id="hangs up"),
        pytest.param(ms.speaks(NOTE.encode()), NetworkError, id="not HTTP"),
        pytest.param(ms.refuses(401, NOTE.encode()), NetworkError, id="401"),
        pytest.param(ms.refuses(404, NOTE.encode()), NetworkError, id="404"),
        pytest.param(ms.refuses(500, NOTE.encode()), NetworkError, id="500"),
        pytest.param(ms.sends(NOTE.encode()), FormatError, id="echo"),
    ],
)
def test_what_is_no_answer_is_said_without_the_note(behaviour: ms.Behaviour, error: type[SuwenError]) -> None:
    audit: list[Prompted] = []
    with ms.model_server(behaviour) as server, pytest.raises(error) as caught:
        ask(client(server, audit, key=lambda: "key-1"))
    assert NAME not in str(caught.value)
    assert "key-1" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert len(audit) >= 2
    assert NAME not in repr(audit)


def test_an_endless_answer_is_left_early() -> None:
    with ms.model_server(ms.huge) as server:
        with pytest.raises(FormatError, match="longer than"):
            ask(client(server))
        assert server.left.wait(20)


# Retries, deadline, budget


def test_429_then_good_waits_and_asks_again() -> None:
    time, audit, budget = Time(), list[Prompted](), Budget(5, 10**6)
    with ms.model_server(ms.refuses(429), ms.hangs_up, ms.says("third")) as server:
        model = client(server, audit, sleep=time.sleep, clock=time.clock, budget=budget)
        assert ask(model).text == "third"
        assert len(server.asked) == 3
    assert time.slept == [0.5, 1.0]
    assert budget.calls == 2
    assert [(one.outcome, one.attempt, one.status) for one in audit] == [
        (Outcome.SENDING, 1, 0),
        (Outcome.REFUSED, 1, 429),
        (Outcome.SENDING, 2, 0),
        (Outcome.UNREACHABLE, 2, 0),
        (Outcome.SENDING, 3, 0),
        (Outcome.ANSWERED, 3, 200),
    ]


def test_500s_end_after_the_retries_and_other_refusals_at_once() -> None:
    for status, times in ((500, 3), (503, 3), (404, 1), (401, 1)):
        with ms.model_server(ms.refuses(status)) as server:
            with pytest.raises(NetworkError, match=str(status)):
                ask(client(server))
            assert len(server.asked) == times


def test_pauses_end_at_the_deadline_of_the_whole_call() -> None:
    time = Time()
    with ms.model_server(ms.refuses(503)) as server:
        with pytest.raises(NetworkError):
            ask(client(server, retries=10, timeout_s=4.0, sleep=time.sleep, clock=time.clock))
        assert len(server.asked) == 4  # pauses of 0.5, 1 and 2 s; one of 4 s more would end after the deadline
    assert time.at < 4.0


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(ms.silent, id="silent"),
        pytest.param(ms.drips(headers_first=False), id="drips headers"),
        pytest.param(ms.drips(headers_first=True), id="drips body"),
    ],
)
def test_a_slow_server_is_left_at_the_deadline_and_not_asked_again(behaviour: ms.Behaviour) -> None:
    audit: list[Prompted] = []
    with ms.model_server(behaviour) as server:
        with pytest.raises(NetworkError, match="within"):
            ask(client(server, audit, timeout_s=0.6))
        assert len(server.asked) == 1
        if behaviour is not ms.silent:
            assert server.left.wait(20)  # the client went away while the server still sent
    assert [one.outcome for one in audit] == [Outcome.SENDING, Outcome.TOO_LATE]


def test_calls_and_tokens_are_counted_attempt_by_attempt() -> None:
    with ms.model_server(ms.refuses(500)) as server:
        with pytest.raises(AccessError, match="calls"):
            ask(client(server, budget=Budget(2, 10**6)))
        assert len(server.asked) == 2
    with ms.model_server(ms.says("fine")) as server:
        budget = Budget(10, 1000)
        model = client(server, budget=budget)
        ask(model)
        assert (budget.calls, budget.tokens) == (9, 1000 - 366)
        ask(model)
        with pytest.raises(AccessError, match="tokens"):
            ask(model)
        assert len(server.asked) == 2
        assert budget.calls == 8


def test_a_server_cannot_talk_the_budget_up() -> None:
    for count in (-5000, 0, True, "12", 10**12, None):
        body = json.dumps({"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": count}}).encode()
        with ms.model_server(ms.sends(body)) as server:
            budget = Budget(1, 1000)
            ask(client(server, budget=budget))
            assert 0 < budget.tokens < 1000


# Audit


def test_each_attempt_is_recorded_before_and_after_with_a_digest_and_without_text() -> None:
    audit: list[Prompted] = []
    at = datetime(2026, 1, 2, tzinfo=UTC)
    with ms.model_server(ms.says("fine")) as server:
        ask(client(server, audit, now=lambda: at))
    turns = json.dumps([["system", "read"], ["user", NOTE]], separators=(",", ":"))
    digest = hashlib.sha256(turns.encode()).hexdigest()
    assert [one.outcome for one in audit] == [Outcome.SENDING, Outcome.ANSWERED]
    assert {(one.digest, one.address, one.model, one.at) for one in audit} == {(digest, server.address, "tiny", at)}
    assert audit[1].tokens == 366
    assert NAME not in repr(audit)
    assert digest_of(ASK) == digest


def test_what_cannot_be_recorded_is_not_sent() -> None:
    def broken(_: Prompted) -> None:
        raise DataError("the log is full")

    with ms.model_server(ms.says("fine")) as server:
        budget = Budget(5, 10**6)
        with pytest.raises(DataError, match="full"):
            ask(replace(client(server, budget=budget), audit=broken))
        assert server.asked == []
        assert budget.tokens == 10**6


# Where text may go


@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param([], id="none"),
        pytest.param(["https://127.0.0.1:{port}/v1"], id="other scheme"),
        pytest.param(["http://localhost:{port}/v1"], id="other host"),
        pytest.param(["http://127.0.0.1:1/v1", "http://127.0.0.1/v1"], id="other port"),
    ],
)
def test_nothing_goes_to_an_address_that_is_not_allowed(allowed: list[str]) -> None:
    with ms.model_server(ms.says("fine")) as server:
        port = server.address.split(":")[2].split("/")[0]
        with pytest.raises(AccessError, match="has not allowed"):
            ask(client(server, allowed=[one.format(port=port) for one in allowed]))
        assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "http://models.example.org/v1",
        "http://127.0.0.1.example.org/v1",
        "http://10.0.0.1:8000/v1",
        "ftp://127.0.0.1/v1",
        "https://user:word@example.org/v1",
        "https://allowed.example@evil.example/v1",
        "https://example.org\\@evil.example/v1",
        "https://example.org/v1?to=evil",
        "https://example.org/v1#evil",
        "https://example.org:99999/v1",
        "https://exa mple.org/v1",
        "https://ехample.org/v1",
        "https:///v1",
        "",
    ],
)
def test_addresses_that_are_not_plain_are_refused(address: str) -> None:
    with pytest.raises(InputError):
        parse_address(address)


def test_the_same_address_may_be_written_in_several_ways() -> None:
    admit(parse_address("https://Models.Example.org:443/v1/"), ["https://models.example.org"])
    with pytest.raises(AccessError):
        admit(parse_address("https://models.example.org.evil.example/v1"), ["https://models.example.org"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with ms.model_server(ms.says("stolen")) as thief:
        with ms.model_server(ms.redirects(f"{thief.address}/chat/completions", status)) as server:
            with pytest.raises(NetworkError, match="another address"):
                ask(client(server, allowed=[server.address, thief.address]))
            assert len(server.asked) == 1
        assert thief.asked == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with ms.model_server(ms.says("proxy")) as proxy, ms.model_server(ms.says("server")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.address)
        assert ask(client(server)).text == "server"
        assert proxy.asked == []


def test_a_key_with_white_space_is_not_sent_and_not_shown() -> None:
    with ms.model_server(ms.says("fine")) as server:
        with pytest.raises(InputError) as caught:
            ask(client(server, key=lambda: "secret\r\nX-Evil: 1"))
        assert "secret" not in str(caught.value)
        assert server.asked == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    now = datetime.now(UTC)
    day = timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    pem, private = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private


def test_tls_is_verified(certificate: tuple[Path, Path]) -> None:
    with ms.model_server(ms.says("fine"), certificate=certificate) as server:
        with pytest.raises(NetworkError, match="self-signed certificate"):
            ask(client(server))
        assert server.asked == []
        assert ask(client(server, ca_file=str(certificate[0]))).text == "fine"


# Local weights


def test_local_weights_need_an_extra_and_safetensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit: list[Prompted] = []
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(b"x")
    model = LocalWeights(folder, Budget(5, 10**5), audit.append)
    with pytest.raises(DataError, match="safetensors"):
        model.complete(ASK, schema=None, limit_tokens=10)
    (folder / "model.safetensors").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"suwen\[models\]"):
        model.complete(ASK, schema=None, limit_tokens=10)
    assert audit == []


def test_local_weights_answer_within_budget_and_are_recorded(tmp_path: Path) -> None:
    audit: list[Prompted] = []
    (tmp_path / "model.safetensors").write_bytes(b"x")
    loaded: list[Path] = []

    def load(folder: Path) -> Any:
        loaded.append(folder)
        return lambda turns, limit: f"{turns[1]['content'] == NOTE} {limit}"

    model = LocalWeights(tmp_path, Budget(2, 10**5), audit.append, load=load)
    assert model.complete(ASK, schema=None, limit_tokens=10).text == "True 10"
    model.complete(ASK, schema=None, limit_tokens=10)
    assert loaded == [tmp_path]
    with pytest.raises(AccessError, match="calls"):
        model.complete(ASK, schema=None, limit_tokens=10)
    assert [one.outcome for one in audit] == [Outcome.SENDING, Outcome.ANSWERED] * 2
    assert {one.digest for one in audit} == {digest_of(ASK)}
