"""Certified devices: a hospital authority, what it signs and withdraws, and real TLS 1.3 handshakes over loopback."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from suwen.errors import FormatError, InputError, LoginError
from suwen.records.identity import authority, certificates
from suwen.records.identity.authority import Authority
from suwen.records.identity.nouns import Device

NOW = datetime.now(UTC).timestamp()  # TLS knows no other clock than the machine's
DAY = 86400.0


def now() -> float:
    return NOW


def later(days: float) -> Callable[[], float]:
    return lambda: NOW + days * DAY


HOSPITAL = authority.create_authority("St. Mary's", clock=now)
ROGUE = authority.create_authority("St. Mary's", clock=now)
TRUST = certificates.read_certificates(HOSPITAL.certificate)
KEY, REQUEST = authority.certificate_request("Ventilator 7")
CERTIFICATE = authority.issue(HOSPITAL, REQUEST, device="Ventilator 7", clock=now)


def der(pem: str) -> bytes:
    return certificates.read_certificates(pem)[0].public_bytes(serialization.Encoding.DER)


def enrol(pem: str = CERTIFICATE) -> Device:
    return certificates.enrol(pem, name="Ventilator 7", acts=["write"], trust=TRUST, clock=now)


DEVICE = enrol()


def recognise(
    data: bytes = der(CERTIFICATE), *, device: Device | None = DEVICE, clock: Callable[[], float] = now, crl: str = ""
) -> Device:
    """Look the device up by whatever fingerprint: what the certificate itself says must be enough to refuse it."""

    def find(print_: str) -> Device | None:
        return device and replace(device, fingerprint=print_)

    return certificates.recognise(data, find=find, trust=TRUST, clock=clock, crl=crl)


def signed(
    signer: Authority = HOSPITAL,
    *,
    usage: tuple[x509.ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.CLIENT_AUTH,),
    begins: float = -1,
    ends: float = 10,
    is_authority: bool = False,
    signs: bool = True,
    extra: x509.UnrecognizedExtension | None = None,
    bits: int = 0,
) -> bytes:
    """Sign a certificate with an authority's own key, wrong in ways that `issue` never is."""
    key = serialization.load_pem_private_key(signer.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    own = certificates.read_certificates(signer.certificate)[0]
    held = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    public = held.public_key()
    base = datetime.fromtimestamp(int(NOW), UTC)
    use = dict.fromkeys(
        [
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ],
        False,
    )
    builder = (
        x509.CertificateBuilder(own.subject, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "d")]), public, 7)
        .not_valid_before(base + timedelta(days=begins))
        .not_valid_after(base + timedelta(days=ends))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=signs, key_cert_sign=is_authority or not signs, **use), critical=True
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    if extra:
        builder = builder.add_extension(extra, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_a_certified_device_is_enrolled_and_recognised() -> None:
    assert (DEVICE.name, DEVICE.acts, DEVICE.subject) == ("Ventilator 7", {"write"}, "CN=Ventilator 7")
    assert DEVICE.fingerprint == x509.load_pem_x509_certificate(CERTIFICATE.encode()).fingerprint(hashes.SHA256()).hex()
    assert recognise() == DEVICE
    assert recognise(signed()).name == DEVICE.name  # the forger below is refused for its fault and not for its making


@pytest.mark.parametrize(
    ("data", "device", "clock"),
    [
        (der(CERTIFICATE), None, now),
        (der(CERTIFICATE), certificates.revoke(DEVICE), now),
        (der(CERTIFICATE), DEVICE, later(366)),
        (der(CERTIFICATE), replace(DEVICE, valid_until=NOW * 2), later(366)),
        (der(CERTIFICATE), replace(DEVICE, valid_until=NOW), now),
        (der(CERTIFICATE), DEVICE, later(-1)),
        (der(CERTIFICATE)[:-1], DEVICE, now),
        (b"", DEVICE, now),
        (der(authority.issue(ROGUE, REQUEST, device="Ventilator 7", clock=now)), DEVICE, now),
        (der(HOSPITAL.certificate), DEVICE, now),
        (signed(ends=-0.5), DEVICE, now),
        (signed(begins=1), DEVICE, now),
        (signed(usage=(ExtendedKeyUsageOID.SERVER_AUTH,)), DEVICE, now),
        (signed(usage=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), DEVICE, now),
        (signed(usage=None), DEVICE, now),
        (signed(is_authority=True), DEVICE, now),
        (signed(signs=False), DEVICE, now),
        (signed(extra=x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")), DEVICE, now),
    ],
    ids=[
        "unknown",
        "revoked here",
        "expired",
        "expired in itself",
        "expired here",
        "before its time",
        "cut off",
        "empty",
        "rogue authority of the same name",
        "the authority itself",
        "over",
        "not begun",
        "for servers",
        "for anything",
        "for nothing",
        "an authority",
        "not for signing",
        "critical extension nobody knows",
    ],
)
def test_what_is_not_recognised(data: bytes, device: Device | None, clock: Callable[[], float]) -> None:
    with pytest.raises(LoginError):
        recognise(data, device=device, clock=clock)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_no_flipped_bit_is_recognised() -> None:
    """All of them, of which there are about 3400; what the parser raises must not come through either.

    One byte is left to the fingerprint: how many bits of the signature are unused. Where the signature ends in zeros,
    another number there is another spelling of the same certificate, with the same signature.
    """
    right = der(CERTIFICATE)
    unused = len(right) - len(x509.load_der_x509_certificate(right).signature) - 1
    for bit in range(len(right) * 8):
        data = bytearray(right)
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LoginError):
            certificates.recognise(bytes(data), find={DEVICE.fingerprint: DEVICE}.get, trust=TRUST, clock=now)
        if bit // 8 != unused:
            with pytest.raises(LoginError):
                recognise(bytes(data))


def test_a_lookup_that_finds_another_device_is_not_believed() -> None:
    with pytest.raises(LoginError):
        certificates.recognise(signed(), find=lambda _: DEVICE, trust=TRUST, clock=now)


def test_without_an_authority_nobody_is_recognised() -> None:
    with pytest.raises(LoginError):
        certificates.recognise(der(CERTIFICATE), find=lambda _: DEVICE, trust=[], clock=now)


def test_enrolment_says_why_not() -> None:
    for wrong in (HOSPITAL.certificate, authority.issue(ROGUE, REQUEST, device="d", clock=now)):
        with pytest.raises(InputError, match="cannot be enrolled"):
            enrol(wrong)
    for wrong in ("", "no certificate", CERTIFICATE * 2):
        with pytest.raises(FormatError):
            enrol(wrong)


def test_a_withdrawn_certificate_is_listed_and_refused() -> None:
    other = authority.issue(HOSPITAL, REQUEST, device="Monitor 3", clock=now)
    withdrawn = authority.revoke(HOSPITAL, CERTIFICATE, clock=now)
    assert authority.revoke(withdrawn, CERTIFICATE, clock=later(1)) == withdrawn
    numbered, crl = authority.revocation_list(withdrawn, clock=now)
    assert numbered.lists == 1
    assert recognise(der(other), crl=crl)
    with pytest.raises(LoginError):
        recognise(crl=crl)
    assert recognise(crl=authority.revocation_list(HOSPITAL, clock=now)[1])


@pytest.mark.parametrize(
    "crl",
    [
        authority.revocation_list(ROGUE, clock=now)[1],
        authority.revocation_list(HOSPITAL, clock=later(-31))[1],
        "not a list",
        authority.revocation_list(HOSPITAL, clock=now)[1].replace("M", "N", 1),
    ],
    ids=["of a rogue authority of the same name", "past its time", "not a list", "damaged"],
)
def test_a_list_that_cannot_be_trusted_refuses(crl: str) -> None:
    with pytest.raises(LoginError):
        recognise(crl=crl)


def test_a_list_of_another_trusted_authority_of_the_same_name_does_not_vouch() -> None:
    both = [*TRUST, *certificates.read_certificates(ROGUE.certificate)]
    for signer, sound in ((HOSPITAL, True), (ROGUE, False)):
        _, crl = authority.revocation_list(signer, clock=now)
        try:
            assert certificates.recognise(der(CERTIFICATE), find=lambda _: DEVICE, trust=both, clock=now, crl=crl)
        except LoginError:
            assert not sound
        else:
            assert sound


def test_only_its_own_certificates_are_withdrawn() -> None:
    with pytest.raises(InputError):
        authority.revoke(ROGUE, CERTIFICATE, clock=now)
    with pytest.raises(FormatError):
        authority.revoke(HOSPITAL, "nothing", clock=now)


def request_for(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    asked = asked.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return asked.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


def test_a_request_gets_what_is_given_and_not_what_it_asks_for() -> None:
    pem = authority.issue(HOSPITAL, request_for(ec.generate_private_key(ec.SECP384R1())), device="d", clock=now)
    made = certificates.read_certificates(pem)[0]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made.subject.rfc4514_string() == "CN=d"
    assert enrol(pem)
    assert enrol(authority.issue(HOSPITAL, request_for(rsa.generate_private_key(65537, 3072)), device="d", clock=now))


def test_weak_keys_and_damaged_requests_are_not_certified() -> None:
    for key in (ec.generate_private_key(ec.SECP256K1()), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(InputError):
            authority.issue(HOSPITAL, request_for(key), device="d", clock=now)
    with pytest.raises(InputError):
        authority.issue(HOSPITAL, request_for(ed25519.Ed25519PrivateKey.generate()), device="d", clock=now)
    data = bytearray(x509.load_pem_x509_csr(REQUEST.encode()).public_bytes(serialization.Encoding.DER))
    data[-1] ^= 1
    damaged = x509.load_der_x509_csr(bytes(data)).public_bytes(serialization.Encoding.PEM).decode()
    for wrong in (damaged, "nothing", CERTIFICATE):
        with pytest.raises(FormatError):
            authority.issue(HOSPITAL, wrong, device="d", clock=now)


def test_a_device_with_a_weak_key_is_not_enrolled_and_one_from_before_is_recognised() -> None:
    """ASVS 5.0, 11.2.3, for certificates of other authorities, which did not ask us how long keys must be."""

    def pem(bits: int) -> str:
        return x509.load_der_x509_certificate(signed(bits=bits)).public_bytes(serialization.Encoding.PEM).decode()

    with pytest.raises(InputError, match=r"2048 bits; 3072"):
        enrol(pem(2048))
    assert enrol(pem(3072))
    assert recognise(signed(bits=2048)).id == DEVICE.id


def test_names_and_days_have_bounds() -> None:
    for name in ("", " ", "x" * 65, "a\nb"):
        with pytest.raises(InputError):
            authority.issue(HOSPITAL, REQUEST, device=name, clock=now)
        with pytest.raises(InputError):
            authority.create_authority(name, clock=now)
    for days in (0, 3651):
        with pytest.raises(InputError):
            authority.issue(HOSPITAL, REQUEST, device="d", clock=now, days=days)


def test_an_authority_comes_back_from_its_document_and_signs_on() -> None:
    withdrawn = authority.revoke(HOSPITAL, CERTIFICATE, clock=now)
    again = Authority.from_document(json.loads(json.dumps(withdrawn.to_document())))
    assert again == withdrawn
    assert enrol(authority.issue(again, REQUEST, device="d", clock=now))
    assert HOSPITAL.key not in repr(HOSPITAL)
    for wrong in ("nothing", KEY.replace("A", "B"), ROGUE.certificate):
        with pytest.raises(FormatError):
            authority.issue(replace(again, key=wrong), REQUEST, device="d", clock=now)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")
def test_openssl_agrees(tmp_path: Path) -> None:
    """The independent reader: it verifies the certificate for clients, and refuses it once it is listed."""
    _, crl = authority.revocation_list(authority.revoke(HOSPITAL, CERTIFICATE, clock=now), clock=now)
    for name, text in (("ca", HOSPITAL.certificate), ("device", CERTIFICATE), ("crl", crl)):
        (tmp_path / name).write_text(text)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", str(tmp_path / "ca")]
    listed = ["-crl_check", "-CRLfile", str(tmp_path / "crl")]
    for more, code, said in (([], 0, "OK"), (listed, 2, "revoked")):
        ran = subprocess.run([*command, *more, str(tmp_path / "device")], capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stderr
        assert said in ran.stdout + ran.stderr


# Real handshakes


@dataclass
class Door:
    """A TLS 1.3 server that lets certified devices in, says hello to whom it recognises, and keeps what it saw."""

    port: int
    said: list[str]


def write_pair(folder: Path, name: str, certificate: str, key: str) -> Path:
    place = folder / name
    place.write_text(certificate + key)
    return place


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=HOSPITAL.certificate)
    # The test's client does not look at the server's certificate; in the house another room makes it.
    context.load_cert_chain(write_pair(folder, "server", CERTIFICATE, KEY))
    return context


def serve_one(listener: socket.socket, context: ssl.SSLContext, crl: str, said: list[str]) -> None:
    connection, _ = listener.accept()
    connection.settimeout(5)
    try:
        with context.wrap_socket(connection, server_side=True) as peer:
            data = peer.getpeercert(binary_form=True) or b""
            find = {DEVICE.fingerprint: DEVICE}.get
            device = certificates.recognise(data, find=find, trust=TRUST, clock=now, crl=crl)
            said.append(f"{peer.version()} {device.name}")
            peer.sendall(b"hello")
            peer.unwrap()
    except ssl.SSLError as error:
        said.append(f"handshake refused: {error.reason}")
    except LoginError:
        said.append("not recognised")
    finally:
        connection.close()


def knock(tmp_path: Path, pair: tuple[str, str] | None, crl: str = "") -> tuple[bytes, list[str]]:
    """Connect once with a certificate and key, or none; give what the server said to us and to itself."""
    said: list[str] = []
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    if pair:
        client.load_cert_chain(write_pair(tmp_path, "client", *pair))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve_one, args=(listener, server_context(tmp_path), crl, said))
        server.start()
        heard = b""
        with (
            socket.create_connection(listener.getsockname(), timeout=5) as raw,
            contextlib.suppress(ssl.SSLError, ConnectionError),
            client.wrap_socket(raw) as peer,
        ):
            heard = peer.recv(100)
            peer.unwrap()
        server.join(10)
    return heard, said


def test_a_certified_device_is_recognised_in_a_real_handshake(tmp_path: Path) -> None:
    assert knock(tmp_path, (CERTIFICATE, KEY)) == (b"hello", ["TLSv1.3 Ventilator 7"])


def test_no_certificate_gets_nothing(tmp_path: Path) -> None:
    heard, said = knock(tmp_path, None)
    assert (heard, said) == (b"", ["handshake refused: PEER_DID_NOT_RETURN_A_CERTIFICATE"])


def test_a_rogue_authoritys_certificate_gets_nothing(tmp_path: Path) -> None:
    rogue = authority.issue(ROGUE, REQUEST, device="Ventilator 7", clock=now)
    heard, said = knock(tmp_path, (rogue, KEY))
    assert (heard, said) == (b"", ["handshake refused: CERTIFICATE_VERIFY_FAILED"])


def test_a_certified_stranger_and_a_withdrawn_device_pass_tls_but_not_us(tmp_path: Path) -> None:
    stranger = authority.issue(HOSPITAL, REQUEST, device="Ventilator 7", clock=now)
    assert knock(tmp_path, (stranger, KEY)) == (b"", ["not recognised"])
    _, crl = authority.revocation_list(authority.revoke(HOSPITAL, CERTIFICATE, clock=now), clock=now)
    assert knock(tmp_path, (CERTIFICATE, KEY), crl) == (b"", ["not recognised"])
