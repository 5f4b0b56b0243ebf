"""The transit engine: what is sent, what each refusal means, and that nothing secret goes astray."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from keys_transit_peer import AnswerError, Engine, Key, serving

from suwen.errors import InputError, KeyProviderError, StoreError, TamperError
from suwen.records.keys import Wrapped
from suwen.records.keys.transit import TransitProvider
from suwen.records.keys.transit_http import TRIES

KEY = bytes(range(32))
HERE = Path()


@pytest.fixture
def engine() -> Iterator[Engine]:
    with serving(Engine()) as made:
        yield made


def create(engine: Engine, pauses: list[float] | None = None, **given: Any) -> TransitProvider:
    settings = {"address": engine.address, **given}
    waits = [] if pauses is None else pauses
    return TransitProvider.create(settings, folder=HERE, secret=lambda _: engine.token, sleep=waits.append)


def reopen(provider: TransitProvider, token: str) -> TransitProvider:
    return TransitProvider.open(provider.settings(), folder=HERE, secret=lambda _: token, sleep=lambda _: None)


def test_the_documented_requests_are_sent_and_no_others(engine: Engine) -> None:
    provider = create(engine, key="ward-7", mount="transit")
    provider.unwrap(provider.wrap(KEY))
    provider.rotate()
    provider.retire("v1")
    key = "/v1/transit/keys/ward-7"
    looked = f"GET {key}"
    assert engine.asked == [
        looked,
        f"POST {key}",
        looked,
        "POST /v1/transit/encrypt/ward-7",
        "POST /v1/transit/decrypt/ward-7",
        f"POST {key}/rotate",
        looked,
        looked,
        f"POST {key}/config",
        f"POST {key}/trim",
        looked,
    ]


def test_a_kek_is_a_version_and_the_bytes_are_the_servers(engine: Engine) -> None:
    provider = create(engine)
    assert provider.wrap(KEY).kek == "v1"
    assert provider.rotate() == provider.wrap(KEY).kek == provider.current == "v2"
    assert len(provider.wrap(KEY).data) == 12 + 32 + 16


def test_a_key_that_the_operators_made_is_taken(engine: Engine) -> None:
    engine.keys["suwen"] = Key()
    create(engine).rotate()
    assert "POST /v1/transit/keys/suwen" not in engine.asked
    assert engine.keys["suwen"].latest == 2


def test_a_missing_key_is_not_made_by_opening(engine: Engine) -> None:
    provider = create(engine)
    engine.keys.clear()
    with pytest.raises(KeyProviderError, match="404"):
        reopen(provider, engine.token)
    assert engine.keys == {}


def test_retiring_destroys_the_version_itself(engine: Engine) -> None:
    provider = create(engine)
    old = provider.wrap(KEY)
    provider.rotate()
    provider.retire("v1")
    key = engine.keys["suwen"]
    assert set(key.versions) == {2}
    key.min_decryption_version = 1  # even an administrator who takes it back
    with pytest.raises(StoreError):
        reopen(provider, engine.token).unwrap(old)


def test_a_version_that_could_not_be_destroyed_is_said(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AnswerError(405, "unsupported operation")

    provider = create(engine)
    provider.rotate()
    monkeypatch.setattr(Engine, "trim", refuse)
    with pytest.raises(KeyProviderError, match="did not destroy v1, which it now only refuses to use"):
        provider.retire("v1")
    assert set(engine.keys["suwen"].versions) == {1, 2}


def test_the_oldest_version_is_retired_first(engine: Engine) -> None:
    provider = create(engine)
    provider.rotate()
    provider.rotate()
    with pytest.raises(InputError, match="before v1"):
        provider.retire("v2")
    provider.retire("v1")
    provider.retire("v2")
    assert set(engine.keys["suwen"].versions) == {3}


def test_a_version_forbidden_on_the_server_is_no_tampering(engine: Engine) -> None:
    provider = create(engine)
    old = provider.wrap(KEY)
    provider.rotate()
    engine.keys["suwen"].min_decryption_version = 2
    with pytest.raises(KeyProviderError, match="retired"):
        provider.unwrap(old)  # this one still believes in v1 and is told by the server
    with pytest.raises(KeyProviderError, match="retired"):
        reopen(provider, engine.token).unwrap(old)


def test_a_version_made_elsewhere_is_found(engine: Engine) -> None:
    provider = create(engine)
    wrapped = [reopen(provider, engine.token)]
    wrapped[0].rotate()
    assert provider.unwrap(wrapped[0].wrap(KEY)) == KEY
    with pytest.raises(KeyProviderError, match="v9"):
        provider.unwrap(replace(provider.wrap(KEY), kek="v9"))


@pytest.mark.parametrize("status", [400, 500])
def test_altered_ciphertext_is_tampering_on_older_servers_too(engine: Engine, status: int) -> None:
    provider = create(engine)
    wrapped = provider.wrap(KEY)
    engine.failures = [AnswerError(status, "1 error occurred:\n\t* cipher: message authentication failed\n")] * 3
    engine.asked.clear()
    with pytest.raises(TamperError):
        provider.unwrap(wrapped)
    assert len(engine.asked) == 1  # asking again would not mend it


def test_another_plaintext_than_a_data_key_is_refused(engine: Engine) -> None:
    provider = create(engine)
    made = engine.encrypt("suwen", "c2hvcnQ=")["ciphertext"]
    from suwen.records.keys.wrapping import decode  # noqa: PLC0415

    with pytest.raises(TamperError):
        provider.unwrap(Wrapped("v1", decode(made.split(":")[2])))


# Refusals and failures


def test_a_wrong_token_is_said_and_not_shown(engine: Engine) -> None:
    provider = create(engine)
    wrong = f"hvs.{secrets.token_hex(12)}"
    with pytest.raises(KeyProviderError, match=r"403.*refuses the token") as caught:
        reopen(provider, wrong)
    assert wrong not in "".join(traceback.format_exception(caught.value))
    engine.token = "revoked"  # noqa: S105
    for act in (lambda: provider.wrap(KEY), provider.rotate, lambda: provider.current):
        with pytest.raises(KeyProviderError, match="403"):
            act()


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nX-Injected: 1", "hvs.\u00e9t\u00e9"])
def test_a_token_that_is_none_never_leaves(engine: Engine, token: str) -> None:
    with pytest.raises(KeyProviderError, match="token") as caught:
        TransitProvider.create({"address": engine.address}, folder=HERE, secret=lambda _: token)
    assert not token.strip() or token not in "".join(traceback.format_exception(caught.value))
    assert engine.asked == []


def test_a_sealed_server_is_said_at_once(engine: Engine) -> None:
    provider, pauses = create(engine), []
    engine.sealed = True
    with pytest.raises(KeyProviderError, match=r"503.*is sealed"):
        create(engine, pauses)
    with pytest.raises(KeyProviderError, match="is sealed"):
        provider.wrap(KEY)
    assert pauses == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_tried_again_and_no_more_than_that(engine: Engine, status: int) -> None:
    pauses: list[float] = []
    provider = create(engine, pauses)
    engine.failures = [AnswerError(status, "busy")] * (TRIES - 1)
    assert provider.unwrap(provider.wrap(KEY)) == KEY
    assert pauses == [0.2, 0.4]
    engine.failures = [AnswerError(status, "busy")] * 50
    engine.asked.clear()
    with pytest.raises(KeyProviderError, match=rf"{status}.*after 3 tries"):
        provider.wrap(KEY)
    assert len(engine.asked) == TRIES


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_token(engine: Engine, status: int) -> None:
    provider = create(engine)
    engine.asked.clear()
    for act in (lambda: provider.wrap(KEY), lambda: provider.current):
        engine.failures = [AnswerError(status)]
        with pytest.raises(KeyProviderError, match="another address"):
            act()
    assert engine.asked == ["POST /v1/transit/encrypt/suwen", "GET /v1/transit/keys/suwen"]


def test_an_unknown_refusal_passes_on_what_the_server_said(engine: Engine) -> None:
    provider = create(engine)
    engine.failures = [AnswerError(405, "unsupported operation")]
    with pytest.raises(KeyProviderError, match="405: unsupported operation"):
        provider.rotate()


@pytest.mark.parametrize(
    "given", [{"mount": "elsewhere"}, {"namespace": "other"}], ids=["another mount", "another namespace"]
)
def test_what_is_not_there_is_said(engine: Engine, given: dict[str, str]) -> None:
    with pytest.raises(KeyProviderError, match="404"):
        create(engine, **given)


def test_a_namespace_and_a_mount_of_its_own(engine: Engine) -> None:
    engine.namespace, engine.mount = "clinic/west", "kms/transit"
    provider = create(engine, namespace="clinic/west", mount="kms/transit")
    assert reopen(provider, engine.token).unwrap(provider.wrap(KEY)) == KEY


@pytest.mark.parametrize("change", [{"derived": True}, {"supports_encryption": False}, {"latest_version": "1"}])
def test_a_key_that_cannot_wrap_is_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    shown = Key.show
    monkeypatch.setattr(Key, "show", lambda self, name: {**shown(self, name), **change})
    with pytest.raises(KeyProviderError, match="aes256-gcm96"):
        create(engine)


@pytest.mark.parametrize("said", ["", "vault:v1", "vault:v1:AAB=", "vault:v0:AAAA", "other:v1:AAAA", None, 7])
def test_an_answer_that_is_no_ciphertext_is_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch, said: Any) -> None:
    provider = create(engine)
    monkeypatch.setattr(Engine, "encrypt", lambda *_: {"ciphertext": said})
    with pytest.raises(KeyProviderError, match="no ciphertext"):
        provider.wrap(KEY)


def test_a_port_where_nobody_listens_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(KeyProviderError, match="cannot be reached"):
        TransitProvider.create({"address": address}, folder=HERE, secret=lambda _: "token")


@pytest.mark.parametrize("raw", [b"", b"not http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_a_peer_that_speaks_something_else_is_said(raw: bytes) -> None:
    import threading  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(raw)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(KeyProviderError):
            TransitProvider.create(
                {"address": f"http://127.0.0.1:{server.getsockname()[1]}"}, folder=HERE, secret=lambda _: "token"
            )
        thread.join()


# Addresses and certificates


@pytest.mark.parametrize(
    "address",
    [
        "",
        "vault.example.org",
        "http://vault.example.org:8200",
        "http://10.0.0.1",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://user:pass@vault.example.org",
        "https://vault.example.org/?a=b",
        "https://vault.example.org:port",
        "https://vault example.org",
        "https://[vault",
    ],
)
def test_only_https_leaves_this_machine(address: str) -> None:
    with pytest.raises(InputError, match=r"address|https"):
        TransitProvider.create({"address": address}, folder=HERE, secret=lambda _: "token")


@pytest.mark.parametrize(
    "given",
    [
        *({"key": one} for one in ("../sys/seal", "a/b", "", "a b", "x" * 200)),
        *({"mount": one} for one in ("../sys", "a/", "a?b", "", "a/../../sys")),
        *({"timeout_s": one} for one in (0, 3600, "5", True)),
        {"namespace": "a\nb"},
        {"ca_file": 3},
    ],
)
def test_a_setting_cannot_lead_elsewhere(engine: Engine, given: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        create(engine, **given)
    assert engine.asked == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
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


def test_tls_with_an_authority_of_its_own(certificate: tuple[Path, Path]) -> None:
    with serving(Engine(), certificate) as engine:
        provider = create(engine, ca_file=str(certificate[0]))
        assert reopen(provider, engine.token).unwrap(provider.wrap(KEY)) == KEY
        engine.asked.clear()
        with pytest.raises(KeyProviderError, match="certificate"):
            create(engine)
        assert engine.asked == []  # not even the token was sent


def test_a_missing_ca_file_is_said(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with serving(Engine(), certificate) as engine, pytest.raises(KeyProviderError, match="ca_file"):
        create(engine, ca_file=str(tmp_path / "absent.pem"))


# A real server, where there is one


@pytest.mark.skipif(
    not (os.environ.get("SUWEN_TEST_TRANSIT") and os.environ.get("VAULT_TOKEN")),
    reason="no real Vault or OpenBao: set SUWEN_TEST_TRANSIT to its address and VAULT_TOKEN",
)
def test_a_real_server_keeps_the_laws() -> None:
    settings = {"address": os.environ["SUWEN_TEST_TRANSIT"], "key": f"suwen-test-{secrets.token_hex(6)}"}
    provider = TransitProvider.create(settings, folder=HERE, secret=lambda _: os.environ["VAULT_TOKEN"])
    old = provider.wrap(KEY)
    assert provider.rotate() == "v2"
    new = provider.wrap(KEY)
    again = reopen(provider, os.environ["VAULT_TOKEN"])
    assert again.unwrap(old) == again.unwrap(new) == KEY
    for place in range(len(new.data)):
        changed = bytearray(new.data)
        changed[place] ^= 1
        with pytest.raises(TamperError):
            again.unwrap(Wrapped(new.kek, bytes(changed)))
    again.retire("v1")
    with pytest.raises(KeyProviderError):
        provider.unwrap(old)
    assert provider.unwrap(new) == KEY
