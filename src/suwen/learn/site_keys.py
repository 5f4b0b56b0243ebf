"""The keys by which a site vouches for models: made, kept encrypted, read, and used to sign.

A private key is Ed25519 in PKCS#8 PEM (RFC 8410, RFC 5958), encrypted with a passphrase, read by its owner alone; the
public key lies beside it as PEM and goes into the folder of trusted keys of every machine that shall load models
signed with it. That folder is SUWEN_MODEL_KEYS, or `model-keys` in the configuration folder of the user.
The threat: whoever holds the private key can have any model loaded, so it never stands anywhere without its passphrase.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from suwen.errors import DataError, FormatError, InputError, KeyProviderError, NotFoundError
from suwen.learn.weights import Trust, card_path, key_id, load_model, pins, save_model

__all__ = [
    "LEAST",
    "SiteKey",
    "keys_folder",
    "new_key",
    "read_private_key",
    "read_public_key",
    "sign_model",
    "site_trust",
    "trusted_keys",
    "vouched_by",
]

LEAST = 12  # characters of a passphrase: what guards the file once it was copied away
_MOST = 2**16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class SiteKey:
    """A public key that is trusted, by the name of its file."""

    name: str
    key: Ed25519PublicKey

    @property
    def id(self) -> str:
        """SHA-256 of the raw key, by which signatures name it."""
        return key_id(self.key)


def keys_folder() -> Path:
    """Where the public keys lie whose models this machine loads."""
    given = os.environ.get("SUWEN_MODEL_KEYS")
    return Path(given) if given else Path(platformdirs.user_config_dir("suwen")) / "model-keys"


def trusted_keys(more: Iterable[Path] = ()) -> tuple[SiteKey, ...]:
    """The keys of the folder (`*.pem` that are public), and those named besides.

    Raises:
        FormatError: a file is no public Ed25519 key. A trusted key that cannot be read is no small matter.
        DataError, NotFoundError: a file cannot be read, or is not there.

    """
    folder = keys_folder()
    files = sorted(folder.glob("*.pem")) if folder.is_dir() else []
    return tuple(SiteKey(file.name, read_public_key(file)) for file in [*files, *more])


def site_trust(keys: Sequence[SiteKey], *, unsigned: bool = False) -> Trust:
    """Shipped models, those signed by these keys, and, only on request, unsigned ones."""
    return Trust(pins(), tuple(one.key for one in keys), unsigned)


def new_key(folder: Path, passphrase: str) -> tuple[Path, Path]:
    """Make a key: `suwen-model-key.pem`, encrypted, and `suwen-model-key.pub.pem` beside it. Returns both files.

    Raises:
        InputError: the passphrase is too short, or there is a key in the folder already.
        DataError: the folder cannot be written.

    """
    if len(passphrase) < LEAST:
        raise InputError(f"the passphrase has fewer than {LEAST} characters; take several words")
    private, public = folder / "suwen-model-key.pem", folder / "suwen-model-key.pub.pem"
    if private.exists() or public.exists():
        raise InputError(f"there is a key in {folder} already; name another folder")
    key = Ed25519PrivateKey.generate()
    encryption = serialization.BestAvailableEncryption(passphrase.encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    shown = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _keep(private, pem, 0o600)
        _keep(public, shown, 0o644)
    except OSError as reason:
        raise DataError(f"cannot write a key in {folder}: {reason.strerror}") from None
    return private, public


def read_private_key(file: Path, passphrase: str) -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        KeyProviderError: the passphrase is wrong, or the file is not encrypted or may be read by others.
        FormatError: it is no private Ed25519 key in PEM.
        DataError, NotFoundError: it cannot be read, or is not there.

    """
    data = _read(file)
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise KeyProviderError(f"{file.name} can be read by others on this machine; run: chmod 600 {file.name}")
    if b"-----BEGIN PRIVATE KEY-----" in data:
        raise KeyProviderError(f"{file.name} is not encrypted, so it is not used; give it a passphrase first")
    if b"-----BEGIN ENCRYPTED PRIVATE KEY-----" not in data:
        raise FormatError(f"{file.name} is no encrypted private key (PKCS#8 in PEM)")
    try:
        key = serialization.load_pem_private_key(data, passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyProviderError(f"{file.name} does not open: the passphrase is wrong, or the file damaged") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise FormatError(f"{file.name} is a key of another kind; models are signed with Ed25519")
    return key


def read_public_key(file: Path) -> Ed25519PublicKey:
    """Read a public key.

    Raises:
        FormatError: it is no public Ed25519 key in PEM.
        DataError, NotFoundError: it cannot be read, or is not there.

    """
    data = _read(file)
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise FormatError(f"{file.name} is no public Ed25519 key in PEM; trust the file that ends in .pub.pem")
    return key


def sign_model(weights: Path, key: Ed25519PrivateKey) -> Path:
    """Sign a model as it lies there, whoever made it; returns the signature's file. Look at its card first.

    Raises:
        NotFoundError, FormatError, TamperError: as `load_model`.
        InputError: its card names it otherwise than its files, or another release wrote it.

    """
    network, card = load_model(weights, Trust(pins(), unsigned=True, keys=(key.public_key(),)))
    if not _NAME.fullmatch(card.name) or card.name != weights.stem:
        raise InputError(f"the card of {weights.name} names another model; files and card must have one name")
    with tempfile.TemporaryDirectory() as place:
        save_model(network, card, Path(place), key=key)
        written = Path(place) / weights.name
        if any(_bytes(one(written)) != _bytes(one(weights)) for one in (Path, card_path)):
            raise InputError(f"{weights.name} was written otherwise than this release does; sign it where it was made")
        signature = weights.with_suffix(".sig")
        beside = signature.with_name(f"{signature.name}.{os.getpid()}.part")
        try:
            beside.write_bytes(written.with_suffix(".sig").read_bytes())
            beside.replace(signature)
        except OSError as reason:
            raise DataError(f"cannot write {signature}: {reason.strerror}") from None
        finally:
            beside.unlink(missing_ok=True)
    return signature


def vouched_by(weights: Path, keys: Sequence[SiteKey]) -> tuple[str, str]:
    """Who vouches for a model that was loaded: `pinned`, `signed` with the key's name and id, or `unsigned`."""
    if hashlib.sha256(_bytes(card_path(weights))).hexdigest() in pins():
        return "pinned", ""
    signature = weights.with_suffix(".sig")
    if not signature.exists():
        return "unsigned", ""
    signer = str(json.loads(_read(signature))["key"])
    name = next((one.name for one in keys if one.id == signer), "")
    return "signed", f"{name} {signer[:16]}".strip()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as reason:
        raise DataError(f"cannot read {file.name}: {reason.strerror}") from None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {file}") from None
    except OSError as reason:
        raise DataError(f"cannot read {file.name}: {reason.strerror}") from None


def _keep(file: Path, data: bytes, mode: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
