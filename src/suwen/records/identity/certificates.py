"""Certified devices: enrolled by their certificate, recognised by it when they connect, refused if it is unsound."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from suwen.errors import FormatError, InputError, LoginError
from suwen.records.identity.accounts import new_id
from suwen.records.identity.nouns import Device
from suwen.subject import Saying

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509.verification import ExtensionPolicy, Policy

__all__ = ["SMALLEST_RSA", "enrol", "fingerprint", "malformed", "read_certificates", "recognise", "revoke"]

SMALLEST_RSA = 3072  # bits: 128 of strength (NIST SP 800-57 part 1 revision 5, table 2)
_REFUSED = Saying(
    "the device's certificate is not accepted; ask those responsible for devices",
    "不接受该设备的证书；请联系设备负责人",
)


class _UnsoundError(ValueError):
    """A certificate is not to be trusted; the sentence says why, for those responsible and not for the device."""


def read_certificates(pem: str) -> list[x509.Certificate]:
    """Read one or more certificates in PEM.

    Raises:
        FormatError: if it is not PEM, or has no certificate in it.

    """
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except malformed() as error:
        raise FormatError(
            "this is not a certificate in PEM; give a file that has BEGIN CERTIFICATE in it",
            zh="这不是 PEM 格式的证书；请给出含 BEGIN CERTIFICATE 的文件",
        ) from error


def fingerprint(der: bytes) -> str:
    """Give the SHA-256 of a certificate's DER bytes (hex), by which devices are looked up."""
    return hashlib.sha256(der).hexdigest()


def enrol(
    certificate_pem: str,
    *,
    name: str,
    acts: Iterable[str],
    trust: Sequence[x509.Certificate],
    clock: Callable[[], float],
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Device:
    """Register a device by its certificate, allowed to do `acts`.

    Raises:
        FormatError: if there is not exactly one certificate.
        InputError: if the certificate would not be recognised; says why, for whoever enrols it is trusted.

    """
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    found = read_certificates(certificate_pem)
    if len(found) != 1:
        raise FormatError(
            f"there are {len(found)} certificates; give the device's own alone",
            zh=f"共有 {len(found)} 份证书；请只给出设备自身的证书",
        )
    now = clock()
    try:
        _verify(found[0], trust, now)
        _require_strong(found[0])
        subject = found[0].subject.rfc4514_string()
    except malformed() as error:
        raise InputError(f"the device cannot be enrolled: {error}", zh=f"无法登记该设备：{error}") from error
    return Device(
        id=new_id(random),
        name=name,
        fingerprint=fingerprint(found[0].public_bytes(Encoding.DER)),
        subject=subject,
        acts=frozenset(acts),
        revoked=False,
        valid_until=found[0].not_valid_after_utc.timestamp(),
        registered=now,
    )


def _require_strong(certificate: x509.Certificate) -> None:
    """Refuse weak RSA keys of new devices. One that was registered before stays until its certificate ends."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < SMALLEST_RSA:
        raise _UnsoundError(
            f"its RSA key has {key.key_size} bits; {SMALLEST_RSA} are needed, or a key of P-256 or P-384"
        )


def revoke(device: Device) -> Device:
    """Shut the device out, whatever its certificate says."""
    return replace(device, revoked=True)


def recognise(
    der: bytes,
    *,
    find: Callable[[str], Device | None],
    trust: Sequence[x509.Certificate],
    clock: Callable[[], float],
    crl: str = "",
) -> Device:
    """Say which device a certificate (DER, from a finished TLS handshake) belongs to.

    The handshake has proven that the peer holds the key; this asks again what TLS asked, so that a door that is
    configured wrongly does not let strangers in, and then what TLS cannot know. `crl` is a revocation list in PEM;
    one past its time is refused with everything it should have told about, since it may be kept back on purpose.

    Raises:
        LoginError: one sentence for unknown, revoked, expired, not yet valid, not signed by `trust`, not for clients.

    """
    from cryptography import x509  # noqa: PLC0415

    device, now = find(fingerprint(der)), clock()
    if device is None or device.fingerprint != fingerprint(der) or device.revoked or now >= device.valid_until:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    try:
        certificate = x509.load_der_x509_certificate(der)
        _verify(certificate, trust, now)
        if crl:
            _check_listed(certificate, crl, trust, now)
    except malformed() as error:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh) from error
    return device


def malformed() -> tuple[type[Exception], ...]:
    """Give what the parser raises on bytes that are no certificate; it has no root of its own for them."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415

    odd = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
    return ValueError, TypeError, UnsupportedAlgorithm, *odd


def _verify(certificate: x509.Certificate, trust: Sequence[x509.Certificate], now: float) -> None:
    """Build a path to one of `trust` as RFC 5280 says, for TLS client authentication."""
    from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError  # noqa: PLC0415

    if not trust:
        raise _UnsoundError("no authority is trusted; create one, or give the hospital's")
    verifier = (
        PolicyBuilder()
        .store(Store(list(trust)))
        .time(datetime.fromtimestamp(now, UTC))
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=_client_policy())
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, [])
    except VerificationError as error:
        raise _UnsoundError(str(error)) from error


def _client_policy() -> ExtensionPolicy:
    """Ask for what a client certificate must say, but not for a host name, which a device need not have."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.verification import Criticality, ExtensionPolicy  # noqa: PLC0415

    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _for_clients)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _for_signing)
        .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _not_an_authority)
    )


def _for_clients(_: Policy, __: x509.Certificate, usage: x509.ExtendedKeyUsage) -> None:
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    if ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise ValueError("the certificate is not for client authentication")


def _for_signing(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.digital_signature:
        raise ValueError("the certificate's key is not for signatures")


def _not_an_authority(_: Policy, __: x509.Certificate, constraints: x509.BasicConstraints | None) -> None:
    if constraints is not None and constraints.ca:
        raise ValueError("the certificate is an authority's and not a device's")


def _check_listed(certificate: x509.Certificate, crl: str, trust: Sequence[x509.Certificate], now: float) -> None:
    """Look the certificate up in a revocation list that its own authority signed (RFC 5280, section 5)."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    listed = x509.load_pem_x509_crl(crl.encode())
    signers = [one for one in trust if one.subject == listed.issuer == certificate.issuer and _signed(listed, one)]
    until = listed.next_update_utc
    if not signers or until is None or until.timestamp() <= now:
        raise _UnsoundError("the revocation list is not the authority's, or is past its time; give the newest")
    try:
        certificate.verify_directly_issued_by(signers[0])
    except (InvalidSignature, TypeError) as error:  # another authority of the same name
        raise _UnsoundError("the revocation list is another authority's") from error
    if listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        raise _UnsoundError("the certificate was revoked")


def _signed(listed: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return listed.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except TypeError:  # a key that signs nothing
        return False
