"""A certificate for a server that has none yet: signed by itself, for this machine's names alone."""

from __future__ import annotations

import datetime
import ipaddress
import os
from pathlib import Path

__all__ = ["own_certificate"]

_DAYS = 365


def own_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Certificate and key (PEM files) of a server called `name`, made in `folder` where they are absent or over.

    A browser warns of it, since nobody else vouches for it: for demonstrations and tests. The key is ECDSA P-256.
    """
    certificate, key = folder / "server.crt", folder / "server.key"
    if certificate.exists() and key.exists() and _holds(certificate, name):
        return certificate, key
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made, secret = _made(name)
    _write(key, secret)
    _write(certificate, made)
    return certificate, key


def _holds(file: Path, name: str) -> bool:
    from cryptography import x509  # noqa: PLC0415

    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    left = found.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return left > datetime.timedelta(days=7) and name in names.get_values_for_type(x509.DNSName)


def _made(name: str) -> tuple[bytes, bytes]:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(one) for one in dict.fromkeys((name, "localhost"))]
    names += [x509.IPAddress(ipaddress.ip_address(one)) for one in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()  # the file itself is open to its owner alone
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return certificate.public_bytes(serialization.Encoding.PEM), secret


def _write(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
