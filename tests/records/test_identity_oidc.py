"""OpenID Connect against a provider on loopback with real keys: whole logins, and every false answer refused."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("jwt", reason="the extra oidc is not installed")
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from identity_provider import NOW, Claims, Peer, base64url, begun, clock, log_in, provider_of, serving

from suwen.errors import FormatError, InputError, LoginError, MissingExtraError, NetworkError
from suwen.records.identity import oidc
from suwen.records.identity.oidc import Discovered, Identity, Pending, Provider
from suwen.records.identity.pending import Waiting
from suwen.records.identity.web import ask, check_address


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(Peer(NOW)) as served:
        yield served


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_whole_login(algorithm: str) -> None:
    with serving(Peer(NOW, algorithm=algorithm)) as peer:
        identity = log_in(peer)
    assert identity == Identity(peer.issuer, "248289761001", "Lin Wei", "lin@hospital.example", second_factor=False)
    assert identity.key == f"{peer.issuer}|248289761001"


def test_what_the_browser_is_sent_with(peer: Peer) -> None:
    provider = provider_of(peer)
    url, pending = oidc.begin(provider, oidc.discover(provider), clock=clock)
    said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert said["code_challenge"] == base64url(hashlib.sha256(pending.verifier.encode()).digest())
    assert (said["code_challenge_method"], said["response_type"]) == ("S256", "code")
    assert pending.verifier not in url
    assert peer.secret not in url
    assert len({pending.state, pending.nonce, pending.verifier}) == 3
    assert len(pending.verifier) == 43  # RFC 7636, 4.1: at least 43 characters
    for hidden in (pending.state, pending.nonce, pending.verifier, peer.secret):
        assert hidden not in repr((pending, provider))


def test_the_published_vector_of_pkce() -> None:
    """RFC 7636, appendix B."""
    octets = bytes([116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186])
    octets += bytes([22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121])
    provider = Provider("https://id.example", "suwen", "https://suwen.example/back")
    discovered = Discovered(provider.issuer, "https://id.example/a?x=1", "https://id.example/t", "", ())
    url, pending = oidc.begin(provider, discovered, clock=clock, random=lambda _: octets)
    assert pending.verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" in url
    assert url.startswith("https://id.example/a?x=1&response_type=code")


@pytest.mark.parametrize(
    ("claims", "strong"),
    [
        ({}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": "mfa"}, False),
        ({"acr": "phr"}, True),
        ({"acr": "0"}, False),
        ({"acr": ["phr"]}, False),
    ],
)
def test_a_second_factor_is_what_the_provider_says_it_is(peer: Peer, claims: Claims, strong: bool) -> None:
    peer.twist = lambda right: {**right, **claims}
    assert log_in(peer).second_factor is strong


def test_an_address_nobody_verified_is_not_taken(peer: Peer) -> None:
    peer.twist = lambda right: {**right, "email_verified": "true", "name": 7, "preferred_username": "lin"}
    identity = log_in(peer)
    assert (identity.email, identity.name) == ("", "lin")


def test_a_client_may_be_named_in_the_form_or_have_no_secret(peer: Peer) -> None:
    peer.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert log_in(peer)
    peer.secret = ""
    assert log_in(peer)


WRONG_ANSWERS: dict[str, Callable[[str], str]] = {
    "another state": lambda back: back.replace("state=", "state=x"),
    "no state": lambda back: back.replace("state=", "other="),
    "state twice": lambda back: back + "&state=" + parse_qs(urlsplit(back).query)["state"][0],
    "no code": lambda back: back.replace("code=", "other="),
    "code twice": lambda back: back + "&code=x",
    "an error": lambda back: back + "&error=access_denied",
    "another issuer": lambda back: back.replace("&iss=http", "&iss=https"),
    "an empty issuer": lambda back: back.split("&iss=")[0] + "&iss=",
    "another door": lambda back: back.replace("suwen.example", "evil.example"),
    "another path": lambda back: back.replace("/login/back", "/login/other"),
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("change", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_browser_that_comes_back_wrongly_is_refused_before_anything_is_asked(
    peer: Peer, change: Callable[[str], str]
) -> None:
    provider, discovered, pending, back = begun(peer)
    peer.asked.clear()
    with pytest.raises(LoginError):
        oidc.finish(provider, discovered, pending, change(back), clock=clock)
    assert peer.asked == []


def test_a_provider_that_promises_to_name_itself_must(peer: Peer) -> None:
    peer.metadata = {"authorization_response_iss_parameter_supported": True}
    provider, discovered, pending, back = begun(peer)
    with pytest.raises(LoginError):
        oidc.finish(provider, discovered, pending, back.split("&iss=")[0], clock=clock)
    assert oidc.finish(provider, discovered, pending, back, clock=clock)
    peer.metadata = {}
    provider, discovered, pending, back = begun(peer)
    assert oidc.finish(provider, discovered, pending, back.split("&iss=")[0], clock=clock)


def test_an_answer_of_one_provider_is_not_one_of_another(peer: Peer) -> None:
    with serving(Peer(NOW)) as evil:
        provider, discovered, pending, back = begun(peer)
        other = provider_of(evil)
        evil.asked.clear()
        silent = back.split("&iss=")[0]  # a provider may leave out who it is
        there = oidc.discover(other)
        for wrong in ((other, there, pending), (other, discovered, pending), (provider, there, pending)):
            evil.asked.clear()
            peer.asked.clear()
            with pytest.raises(LoginError):
                oidc.finish(*wrong, silent, clock=clock)
            assert "/token" not in evil.asked + peer.asked
        # The honest provider's code, brought to the dishonest one's login: its `iss` tells.
        _, begun_there = oidc.begin(other, oidc.discover(other), clock=clock)
        mixed = back.replace(pending.state, begun_there.state)
        evil.asked.clear()
        with pytest.raises(LoginError):
            oidc.finish(other, oidc.discover(other), begun_there, mixed, clock=clock)
        assert "/token" not in evil.asked
    assert oidc.finish(provider, discovered, pending, back, clock=clock)


def test_a_code_works_with_its_own_login_once_and_in_time(peer: Peer) -> None:
    provider, discovered, pending, back = begun(peer)
    peer.asked.clear()
    with pytest.raises(LoginError):
        oidc.finish(provider, discovered, pending, back, clock=lambda: NOW + 600)
    assert peer.asked == []
    _, other = oidc.begin(provider, discovered, clock=clock)
    stolen = back.replace(pending.state, other.state)
    with pytest.raises(NetworkError):  # the provider notices: PKCE
        oidc.finish(provider, discovered, other, stolen, clock=clock)
    provider, discovered, pending, back = begun(peer)
    assert oidc.finish(provider, discovered, pending, back, clock=clock)
    with pytest.raises(NetworkError):
        oidc.finish(provider, discovered, pending, back, clock=clock)


def test_a_login_that_waits_is_finished_once(peer: Peer) -> None:
    provider, discovered, pending, back = begun(peer)
    box: Waiting[Pending] = Waiting()
    handle = box.put(pending, clock=clock)
    assert oidc.finish(provider, discovered, box.take(handle, clock=clock), back, clock=clock)
    with pytest.raises(LoginError):
        box.take(handle, clock=clock)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((302, {"Location": "/keys?stolen"}, b""), NetworkError),
        ((307, {"Location": "/keys?stolen"}, b""), NetworkError),
        ((500, {}, b"{}"), NetworkError),
        ((200, {}, b"not json"), FormatError),
        ((200, {}, b"[]"), FormatError),
        ((200, {}, b"[" * 100000), FormatError),
        ((200, {}, b'{"a": "' + b"x" * (1 << 20) + b'"}'), FormatError),
        ((200, {}, b"{}" + b" " * (1 << 20)), FormatError),
        ((200, {}, b"{}"), LoginError),
        ((200, {}, b'{"id_token": 7}'), LoginError),
        ((200, {}, b'{"id_token": "x", "access_token": 7}'), LoginError),
    ],
)
def test_what_else_a_provider_may_answer(
    peer: Peer, reply: tuple[int, dict[str, str], bytes], error: type[Exception]
) -> None:
    peer.answer = reply
    peer.asked.clear()
    with pytest.raises(error):
        log_in(peer)
    assert peer.asked[-1] == "/token"


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"issuer": "https://other.example"}, FormatError),
        ({"token_endpoint": None}, FormatError),
        ({"token_endpoint": "http://id.example/token"}, InputError),
        ({"authorization_endpoint": "javascript:alert(1)"}, InputError),
        ({"jwks_uri": "file:///etc/passwd"}, InputError),
    ],
)
def test_a_configuration_that_is_not_to_be_believed(
    peer: Peer, metadata: dict[str, Any], error: type[Exception]
) -> None:
    peer.metadata = metadata
    with pytest.raises(error):
        oidc.discover(provider_of(peer))


@pytest.mark.parametrize(
    "address",
    [
        "http://id.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost@evil.example/",
        "https://user@id.example/",
        "ftp://id.example/",
        "file:///etc/passwd",
        "id.example",
        "",
        "https://",
        "https://[",
        "https://id.example:99999/",
        "https://id.example/#part",
    ],
)
def test_addresses_that_may_not_be_asked(address: str) -> None:
    with pytest.raises(InputError):
        check_address(address)


def test_nobody_there() -> None:
    with pytest.raises(NetworkError):
        ask("http://127.0.0.1:9/")


def server_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that is its own authority; give its file, and that of it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, today = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "id")]), datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    (folder / "certificate").write_bytes(made)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "pair").write_bytes(made + plain)
    return folder / "certificate", folder / "pair"


def test_over_https_only_the_named_authority_is_trusted(tmp_path: Path) -> None:
    certificate, pair = server_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    with serving(Peer(NOW), context) as peer:
        found = oidc.discover(provider_of(peer, ca_file=str(certificate)))
        assert found.token == f"{peer.issuer}/token"
        with pytest.raises(NetworkError):
            oidc.discover(provider_of(peer))
        wrong_name = replace(
            provider_of(peer, ca_file=str(certificate)), issuer=peer.issuer.replace("127.0.0.1", "localhost")
        )
        with pytest.raises(NetworkError):
            oidc.discover(wrong_name)


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(MissingExtraError, match=r"suwen\[oidc\]"):
        oidc.discover(Provider("https://id.example", "suwen", "https://suwen.example/back"))
