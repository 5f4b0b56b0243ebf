"""KEKs in the transit engine of HashiCorp Vault or OpenBao: they never leave that server."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from suwen.errors import InputError, KeyProviderError
from suwen.records.keys.nouns import KEY_BYTES, Secret, Wrapped
from suwen.records.keys.settings import complete
from suwen.records.keys.transit_http import Answer, Service
from suwen.records.keys.wrapping import changed, check_key, decode, encode, unknown

__all__ = ["TransitProvider"]

# A KEK is one version of one transit key: "v3". The server gives "vault:v3:" and base64; the bytes behind the base64
# are what is stored, so that there is exactly one way to write them.
#
# The policy of the token (default names):
#     path "transit/encrypt/suwen"       { capabilities = ["update"] }
#     path "transit/decrypt/suwen"       { capabilities = ["update"] }
#     path "transit/keys/suwen"          { capabilities = ["read"] }      and "update" to create it from here
#     path "transit/keys/suwen/rotate"   { capabilities = ["update"] }    these three only for those who rotate
#     path "transit/keys/suwen/config"   { capabilities = ["update"] }
#     path "transit/keys/suwen/trim"     { capabilities = ["update"] }

_DEFAULTS = {"address": "", "mount": "transit", "key": "suwen", "namespace": "", "ca_file": "", "timeout_s": 5}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
_MOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,127}", re.ASCII)
_CIPHERTEXT = re.compile(r"vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})", re.ASCII)
_VERSION = re.compile(r"v([1-9][0-9]{0,8})", re.ASCII)


class TransitProvider:
    """KEKs as versions of one key of the transit engine; give each store a key of its own."""

    kind: str = "transit"

    def __init__(self, service: Service, *, mount: str = "transit", key: str = "suwen") -> None:
        if not _NAME.fullmatch(key) or not _MOUNT.fullmatch(mount) or ".." in mount or mount.endswith("/"):
            raise InputError(
                "The mount and the key of the transit engine are named with letters, digits and hyphens.",
                zh="transit 引擎的挂载点和密钥名为字母、数字和连字符",
            )
        self._service = service
        self._mount = mount
        self._key = key
        self._lock = threading.Lock()
        self._earliest, self._latest = 0, 0

    @classmethod
    def create(
        cls,
        settings: Mapping[str, Any],
        *,
        folder: Path,  # noqa: ARG003 - one signature for all
        secret: Secret,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Self:
        """Make the key on the server, or take the one that its operators made beforehand.

        Raises:
            InputError: the settings cannot be used.
            KeyProviderError: the server cannot be reached or refuses.

        """
        provider = cls._of(settings, secret, sleep)
        if provider._look().status == 404:
            # What is named here cannot be changed later: the KEK can be neither exported nor backed up in plain text.
            body = {"type": "aes256-gcm96", "exportable": False, "allow_plaintext_backup": False, "derived": False}
            provider._must(provider._service.ask("POST", provider._path("keys"), body), "make the key")
        provider._must_look()
        return provider

    @classmethod
    def open(
        cls,
        settings: Mapping[str, Any],
        *,
        folder: Path,  # noqa: ARG003 - one signature for all
        secret: Secret,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Self:
        """Find the key on the server; fails as `create` does, and when the key is not there."""
        provider = cls._of(settings, secret, sleep)
        provider._must_look()
        return provider

    @classmethod
    def _of(cls, settings: Mapping[str, Any], secret: Secret, sleep: Callable[[float], None]) -> Self:
        given = complete(settings, kind=cls.kind, defaults=_DEFAULTS)
        mount, key = given.pop("mount"), given.pop("key")
        token = secret(f"token for the key service {given['address']}")
        return cls(Service(token=token, sleep=sleep, **given), mount=mount, key=key)

    @property
    def current(self) -> str:
        """The latest version, asked of the server: it may have been rotated there, even by a schedule."""
        self._must_look()
        return f"v{self._latest}"

    @property
    def earlier(self) -> tuple[str, ...]:
        """See `KeyProvider.earlier`; asked of the server."""
        self._must_look()
        return tuple(f"v{number}" for number in range(self._earliest, self._latest))

    def wrap(self, key: bytes) -> Wrapped:
        """See `KeyProvider.wrap`; one request."""
        check_key(key)
        answer = self._must(self._service.ask("POST", self._path("encrypt"), {"plaintext": encode(key)}), "wrap")
        found = _CIPHERTEXT.fullmatch(str(answer.data.get("ciphertext")))
        try:
            return Wrapped(f"v{found[1]}", decode(found[2])) if found else self._nonsense()
        except ValueError:
            return self._nonsense()

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """See `KeyProvider.unwrap`; one request."""
        self._check_known(wrapped.kek)
        ciphertext = f"vault:{wrapped.kek}:{encode(wrapped.data)}"
        answer = self._service.ask("POST", self._path("decrypt"), {"ciphertext": ciphertext})
        if answer.says("too old", "too new", "latest", "key not found", "no such"):
            raise unknown(wrapped.kek, self._where)
        if answer.status == 400 or answer.says("authentication failed", "unable to decrypt"):
            raise changed()
        return self._plain(self._must(answer, "unwrap"))

    def rotate(self) -> str:
        """See `KeyProvider.rotate`."""
        self._must(self._service.ask("POST", f"{self._path('keys')}/rotate", {}), "rotate")
        return self.current

    def retire(self, kek: str) -> None:
        """Destroy the oldest version: a transit key is trimmed from its lower end only.

        Forbidding decryption alone would not do: `min_decryption_version` can be lowered again by whoever may
        configure the key. It is raised first, as the server demands, and the versions below it are then destroyed.

        Raises:
            InputError: `kek` is the current version, or not the oldest one.
            KeyProviderError: `kek` is unknown, or the server refuses.

        """
        self._check_known(kek)
        version = _number(kek)
        self._must_look()
        if version == self._latest:
            raise InputError(
                f"The KEK {kek!r} is the current one; rotate before it is retired.",
                zh=f"主密钥 {kek!r} 为当前密钥；停用前请先更换",
            )
        if version != self._earliest:
            raise InputError(
                f"The KEK {kek!r} cannot be retired before v{self._earliest}; retire the oldest first.",
                zh=f"主密钥 {kek!r} 不能先于 v{self._earliest} 停用；请先停用最旧的",
            )
        least = {"min_decryption_version": version + 1, "min_encryption_version": version + 1}
        path = self._path("keys")
        self._must(self._service.ask("POST", f"{path}/config", least), "forbid the old version")
        trimmed = self._service.ask("POST", f"{path}/trim", {"min_available_version": version + 1})
        self._must(trimmed, f"destroy {kek}, which it now only refuses to use")
        self._must_look()

    def settings(self) -> dict[str, Any]:
        """Return where the server is and how the key is named; the token is asked for anew."""
        service = self._service
        return {
            "kind": self.kind,
            "address": service.address,
            "mount": self._mount,
            "key": self._key,
            "namespace": service.namespace,
            "ca_file": service.ca_file,
            "timeout_s": service.timeout_s,
        }

    @property
    def _where(self) -> str:
        return f"the transit key {self._mount}/{self._key} of {self._service.address}"

    def _path(self, act: str) -> str:
        return f"{self._mount}/{act}/{self._key}"

    def _check_known(self, kek: str) -> None:
        version = _number(kek)
        if not self._earliest <= version <= self._latest:
            self._must_look()  # rotated since we last looked?
        if not self._earliest <= version <= self._latest:
            raise unknown(kek, self._where)

    def _look(self) -> Answer:
        answer = self._service.ask("GET", self._path("keys"))
        if answer.status == 200:
            self._remember(answer.data)
        return answer

    def _must_look(self) -> None:
        self._must(self._look(), "show the key")

    def _remember(self, data: dict[str, Any]) -> None:
        earliest, latest = data.get("min_decryption_version"), data.get("latest_version")
        fits = data.get("supports_encryption") and data.get("supports_decryption") and not data.get("derived")
        if not fits or type(earliest) is not int or type(latest) is not int:
            raise KeyProviderError(
                f"{self._where} cannot wrap keys; it must be of type aes256-gcm96, not derived.",
                zh=f"{self._where} 不能封装密钥；其类型须为 aes256-gcm96，且非派生",
            )
        with self._lock:
            self._earliest, self._latest = max(earliest, 1), latest

    def _must(self, answer: Answer, act: str) -> Answer:
        if answer.status == 404:
            raise KeyProviderError(
                f"{self._where} does not exist (HTTP status 404); check mount, key and namespace.",
                zh=f"{self._where} 不存在（HTTP 状态 404）；请检查挂载点、密钥和命名空间",
            )
        if answer.status not in {200, 204}:
            said = "; ".join(answer.errors)
            raise KeyProviderError(
                f"{self._where} did not {act} (HTTP status {answer.status}: {said}).",
                zh=f"{self._where} 未能完成操作 {act}（HTTP 状态 {answer.status}：{said}）",
            )
        return answer

    def _plain(self, answer: Answer) -> bytes:
        try:
            key = decode(str(answer.data.get("plaintext")))
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise changed()
        return key

    def _nonsense(self) -> Wrapped:
        raise KeyProviderError(
            f"{self._where} answered something that is no ciphertext; is it a transit engine?",
            zh=f"{self._where} 返回的不是密文；它是 transit 引擎吗？",
        )


def _number(kek: str) -> int:
    found = _VERSION.fullmatch(kek)
    return int(found[1]) if found else 0
