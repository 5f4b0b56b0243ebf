"""KEKs in the keyring of the operating system: for one person's computer, unlocked by that person's login."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from suwen.errors import InputError, KeyProviderError, MissingExtraError
from suwen.records.keys.nouns import KEY_BYTES, Secret, Wrapped
from suwen.records.keys.settings import complete
from suwen.records.keys.wrapping import check_identifier, decode, encode, unknown, unwrap_under, wrap_under

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["KeyringProvider"]

# How the KEKs lie in the keyring, under one service name per store:
#
#     user name "current"      identifier of the current KEK
#     user name <identifier>   that KEK: 32 bytes in base64
#
# One item per KEK, because Windows keeps at most 2,560 bytes in an item, and because a rotation that is cut off, or two
# at the same time, can then at worst leave an unused KEK behind: the item is written before "current" points to it.

_CURRENT = "current"
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)


class KeyringProvider:
    """KEKs as items of the OS keyring (Secret Service, KWallet, macOS Keychain, Windows Credential Locker)."""

    kind: str = "keyring"

    def __init__(self, service: str) -> None:
        self._service = service
        self._where = f"the keyring service {service!r}"
        self._keks: dict[str, bytes] = {}

    @classmethod
    def create(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:  # noqa: ARG003 - one signature for all
        """Make the first KEK, under a service name of its own unless `settings` names one.

        Raises:
            InputError: that service name is taken.
            KeyProviderError: the keyring is absent, locked or keeps its items in plain text.

        """
        provider = cls(_service(settings) or f"suwen-{secrets.token_hex(6)}")
        if provider._read(_CURRENT) is not None:
            raise InputError(
                f"{provider._where} already holds KEKs; open it, or name another service.",
                zh=f"{provider._where} 已有主密钥；请打开它，或另指定服务名",
            )
        provider.rotate()
        return provider

    @classmethod
    def open(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:  # noqa: ARG003 - one signature for all
        """Find the KEKs of `settings["service"]`.

        Raises:
            KeyProviderError: the keyring or the KEKs are not there.

        """
        provider = cls(_service(settings))
        provider._kek(provider.current)
        return provider

    @property
    def current(self) -> str:
        """Identifier of the current KEK, read anew: another program may have rotated, and retired what we remember."""
        kek = self._read(_CURRENT)
        if kek is None:
            raise KeyProviderError(
                f"{self._where} holds no KEK; log in as the person who created the store.",
                zh=f"{self._where} 没有主密钥；请以建立存储者的身份登录",
            )
        return kek

    @property
    def earlier(self) -> tuple[str, ...]:
        """None: a keyring does not list its items."""
        return ()

    def wrap(self, key: bytes) -> Wrapped:
        """See `KeyProvider.wrap`."""
        kek = self.current
        return Wrapped(kek, wrap_under(self._kek(kek), key))

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """See `KeyProvider.unwrap`."""
        return unwrap_under(self._kek(wrapped.kek), wrapped.data)

    def rotate(self) -> str:
        """See `KeyProvider.rotate`."""
        kek, key = f"k{secrets.token_hex(6)}", secrets.token_bytes(KEY_BYTES)
        self._write(kek, encode(key))
        self._write(_CURRENT, kek)
        self._keks[kek] = key
        return kek

    def retire(self, kek: str) -> None:
        """See `KeyProvider.retire`; other programs that are running keep it in memory until they end."""
        if kek == self.current:
            raise InputError(
                f"The KEK {kek!r} is the current one; rotate before it is retired.",
                zh=f"主密钥 {kek!r} 为当前密钥；停用前请先更换",
            )
        self._kek(kek)
        with self._keyring() as keyring:
            keyring.delete_password(self._service, kek)
        self._keks.pop(kek, None)

    def settings(self) -> dict[str, Any]:
        """Return the service name."""
        return {"kind": self.kind, "service": self._service}

    def _kek(self, kek: str) -> bytes:
        known = self._keks.get(kek)
        if known is not None:
            return known
        text = self._read(kek) if _is_identifier(kek) else None
        if text is None:
            raise unknown(kek, self._where)
        self._keks[kek] = _key(text, self._where)
        return self._keks[kek]

    def _read(self, name: str) -> str | None:
        with self._keyring() as keyring:
            value: str | None = keyring.get_password(self._service, name)
        return value

    def _write(self, name: str, value: str) -> None:
        with self._keyring() as keyring:
            keyring.set_password(self._service, name, value)
            kept = keyring.get_password(self._service, name)
        # The null backend accepts everything and keeps nothing; records sealed under such a KEK would be lost.
        if kept != value:
            raise KeyProviderError(
                f"{self._where} did not keep what was written; use a working OS keyring.",
                zh=f"{self._where} 未保存所写内容；请使用可用的系统密钥环",
            )

    @contextmanager
    def _keyring(self) -> Iterator[ModuleType]:
        try:
            import keyring  # noqa: PLC0415
            from keyring import errors  # noqa: PLC0415
        except ImportError as error:
            raise MissingExtraError("keyring", "keyring") from error
        # keyrings.alt offers a PlaintextKeyring: the KEK would lie readable in the home folder and in its backups.
        if "plaintext" in type(keyring.get_keyring()).__name__.lower():
            raise KeyProviderError(
                "The chosen keyring keeps its items in plain text; choose a real OS keyring.",
                zh="所选密钥环以明文保存；请选用真正的系统密钥环",
            )
        try:
            yield keyring
        except errors.KeyringError as error:
            raise KeyProviderError(
                f"The OS keyring cannot be used ({type(error).__name__}); unlock it.",
                zh=f"无法使用系统密钥环（{type(error).__name__}）；请解锁",
            ) from error


def _service(settings: Mapping[str, Any]) -> str:
    service: str = complete(settings, kind=KeyringProvider.kind, defaults={"service": ""})["service"]
    if service and not _SERVICE.fullmatch(service):
        raise InputError(
            "The keyring service is named with letters, digits, dots, colons and hyphens, at most 64.",
            zh="密钥环服务名为字母、数字、点、冒号和连字符，最多 64 个",
        )
    return service


def _is_identifier(kek: str) -> bool:
    try:
        check_identifier(kek)
    except InputError:
        return False
    return kek != _CURRENT


def _key(text: str, where: str) -> bytes:
    try:
        key = decode(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyProviderError(
            f"An item of {where} is not a KEK; it was changed outside Suwen.",
            zh=f"{where} 中有一项不是主密钥；已在 Suwen 之外被改动",
        )
    return key
