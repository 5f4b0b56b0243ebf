"""A small hospital authority: it certifies devices and lists those it no longer vouches for, with ECDSA P-256."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from suwen.errors import FormatError, InputError
from suwen.records.identity.certificates import SMALLEST_RSA, malformed, read_certificates
from suwen.records.identity.reading import Fields, head

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

__all__ = [
    "Authority",
    "Revoked",
    "certificate_request",
    "create_authority",
    "issue",
    "revocation_list",
    "revoke",
]

_LONGEST_NAME = 64  # the upper bound of a common name, RFC 5280, appendix A.1
_SOONER = timedelta(minutes=5)  # a device whose clock is a little behind must not see a certificate from the future


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate that is no longer vouched for: its serial number (decimal) and since when (UTC seconds)."""

    serial: str
    at: float


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority: its certificate and private key in PEM, whom it has revoked, and the number of its last list.

    Threat: whoever has `key` can make devices. Seal it, or keep it on a stick in a safe; recognising needs only the
    certificate.
    """

    certificate: str
    key: str = field(repr=False)
    revoked: tuple[Revoked, ...] = ()
    lists: int = 0

    def to_document(self) -> dict[str, object]:
        """Give the JSON document; it holds the private key and is for sealing only."""
        return {
            **head("authority"),
            "certificate": self.certificate,
            "key": self.key,
            "revoked": [{"serial": one.serial, "at": one.at} for one in self.revoked],
            "lists": self.lists,
        }

    @classmethod
    def from_document(cls, document: object) -> Authority:
        """Read a document strictly.

        Raises:
            FormatError: naming every field that is absent, unknown or not what it must be.

        """
        fields = Fields(document, kind="authority")
        fields.head()
        authority = cls(
            certificate=fields.text("certificate", empty=False),
            key=fields.text("key", empty=False),
            revoked=fields.each("revoked", _read_revoked, kind="revoked certificate"),
            lists=fields.whole("lists"),
        )
        fields.done()
        return authority


def create_authority(name: str, *, clock: Callable[[], float], days: int = 3650) -> Authority:
    """Make a new authority that may sign devices and nothing below them.

    Raises:
        InputError: if the name is empty or longer than 64 characters.

    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key, named, now = ec.generate_private_key(ec.SECP256R1()), _named(name), _moment(clock)
    builder = _builder(named, named, key.public_key(), now, now + timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    return Authority(certificate=_pem(builder.sign(key, _sha256())), key=_key_pem(key))


def certificate_request(device: str) -> tuple[str, str]:
    """Make a device's private key and its request (PEM both), on the device, so that the key never leaves it.

    Raises:
        InputError: if the name is empty or longer than 64 characters.

    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_named(device)).sign(key, _sha256())
    return _key_pem(key), _pem(request)


def issue(
    authority: Authority,
    request: str,
    *,
    device: str,
    clock: Callable[[], float],
    days: int = 365,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """Certify a device's request (PEM) for TLS client authentication, and give the certificate (PEM).

    Only the key is taken from the request. Threat: a name or extension somebody asks for is not one they may have.

    Raises:
        FormatError: if the request is not one, or not signed with its own key.
        InputError: if the key is too weak, the name is not one, or the certificate would outlive the authority.

    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    public, now = _requested_key(request), _moment(clock)
    signer, (own, *_) = _private_key(authority), read_certificates(authority.certificate)
    until = now + timedelta(days=days)
    if days < 1 or until > own.not_valid_after_utc:
        raise InputError(
            "a certificate lasts at least a day and not longer than the authority; give fewer days",
            zh="证书有效期至少一天，且不得超过证书颁发机构的有效期；请减少天数",
        )
    builder = _builder(_named(device), own.subject, public, now, until, random=random)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return _pem(builder.add_extension(issuer, critical=False).sign(signer, _sha256()))


def revoke(authority: Authority, certificate_pem: str, *, clock: Callable[[], float]) -> Authority:
    """Withdraw a certificate that this authority signed; what was withdrawn stays so. Give out a new list after this.

    Raises:
        FormatError: if it is not a certificate.
        InputError: if another authority signed it.

    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    certificate, own = read_certificates(certificate_pem)[0], read_certificates(authority.certificate)[0]
    try:
        certificate.verify_directly_issued_by(own)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise InputError(
            "the certificate was not signed by this authority; ask the one that did",
            zh="该证书并非由本机构签发；请联系签发机构",
        ) from error
    serial = str(certificate.serial_number)
    if any(one.serial == serial for one in authority.revoked):
        return authority
    return replace(authority, revoked=(*authority.revoked, Revoked(serial, clock())))


def revocation_list(authority: Authority, *, clock: Callable[[], float], days: int = 30) -> tuple[Authority, str]:
    """Sign the list of all withdrawn certificates (CRL in PEM), good for `days`; its number is one above the last's."""
    from cryptography import x509  # noqa: PLC0415

    key, own, now = _private_key(authority), read_certificates(authority.certificate)[0], _moment(clock)
    numbered = replace(authority, lists=authority.lists + 1)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(own.subject)
        .last_update(now)
        .next_update(now + timedelta(days=days))
        .add_extension(x509.CRLNumber(numbered.lists), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for one in authority.revoked:
        since = datetime.fromtimestamp(int(one.at), UTC)
        entry = x509.RevokedCertificateBuilder().serial_number(int(one.serial)).revocation_date(since).build()
        builder = builder.add_revoked_certificate(entry)
    return numbered, _pem(builder.sign(key, _sha256()))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: CertificatePublicKeyTypes,
    begins: datetime,
    ends: datetime,
    *,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> x509.CertificateBuilder:
    from cryptography import x509  # noqa: PLC0415

    # 20 bytes, positive, 159 random bits: RFC 5280, section 4.1.2.2.
    serial = (int.from_bytes(random(20), "big") >> 1) | 1
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(begins - _SOONER)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _requested_key(request: str) -> CertificatePublicKeyTypes:
    """Take the key out of a request, once its signature proves that the requester holds it and it is strong enough."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415

    try:
        asked = x509.load_pem_x509_csr(request.encode())
        proven, key = asked.is_signature_valid, asked.public_key()
    except malformed() as error:
        raise FormatError(
            "this is not a certificate request in PEM; make one with the device",
            zh="这不是 PEM 格式的证书请求；请在设备上生成",
        ) from error
    if not proven:
        raise FormatError(
            "the request is not signed with its own key; make a new one", zh="该请求未用其自身密钥签名；请重新生成"
        )
    strong_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1)
    if not strong_curve and not (isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA):
        raise InputError(
            f"the key is not P-256, P-384 or RSA with {SMALLEST_RSA} bits or more; make a request with one of these",
            zh=f"密钥须为 P-256、P-384 或 {SMALLEST_RSA} 位以上的 RSA；请用其中之一生成请求",
        )
    return key


def _private_key(authority: Authority) -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(authority.key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise FormatError(
            "the authority's private key cannot be read; restore it from a backup",
            zh="无法读取证书颁发机构的私钥；请从备份恢复",
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise FormatError(
            "the authority's private key is not an elliptic curve key; restore it from a backup",
            zh="证书颁发机构的私钥不是椭圆曲线密钥；请从备份恢复",
        )
    return key


def _usage(*, authority: bool) -> x509.KeyUsage:
    from cryptography import x509  # noqa: PLC0415

    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise InputError(
            f"a name in a certificate has 1 to {_LONGEST_NAME} characters; choose another",
            zh=f"证书中的名称为 1 至 {_LONGEST_NAME} 个字符；请另取",
        )
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name.strip())])


def _moment(clock: Callable[[], float]) -> datetime:
    return datetime.fromtimestamp(int(clock()), UTC)  # certificates know no parts of a second


def _sha256() -> hashes.SHA256:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    return hashes.SHA256()


def _pem(signed: x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    return signed.public_bytes(Encoding.PEM).decode("ascii")


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415

    plain = form.NoEncryption()  # the store seals the document; a device's own key is protected by its file system
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain).decode("ascii")


def _read_revoked(fields: Fields) -> Revoked:
    return Revoked(serial=fields.text("serial", "[0-9]{1,50}", empty=False), at=fields.moment("at"))
