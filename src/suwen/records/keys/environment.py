"""KEKs from an environment variable: for containers and services whose orchestrator hands secrets over that way."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from suwen.errors import InputError, KeyProviderError
from suwen.records.keys.nouns import KEY_BYTES, Secret, Wrapped
from suwen.records.keys.settings import complete
from suwen.records.keys.wrapping import check_identifier, decode, encode, unknown, unwrap_under, wrap_under

__all__ = ["EnvironmentProvider", "new_entry"]

_DEFAULTS = {"variable": "SUWEN_KEK"}
_FORM = "'identifier:base64 of 32 bytes', separated by commas, the current KEK first"


class EnvironmentProvider:
    """KEKs from a variable; rotated and retired only by whoever sets it."""

    kind: str = "environment"

    def __init__(self, variable: str, keks: Mapping[str, bytes]) -> None:
        self._variable = variable
        self._keks = dict(keks)
        self._current = next(iter(self._keks))

    @classmethod
    def create(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:
        """Take the KEKs that are already in the variable; see `open`."""
        return cls.open(settings, folder=folder, secret=secret)

    @classmethod
    def open(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:  # noqa: ARG003 - one signature for all
        """Read the variable once.

        Raises:
            KeyProviderError: the variable is absent or malformed; the message never shows its value.

        """
        variable = complete(settings, kind=cls.kind, defaults=_DEFAULTS)["variable"]
        text = os.environ.get(variable, "")
        if not text.strip():
            raise KeyProviderError(
                f"The environment variable {variable} holds no KEK; set it to {_FORM}.",
                zh=f"环境变量 {variable} 没有主密钥；请设为 {_FORM}",
            )
        return cls(variable, _parse(text, variable))

    @property
    def current(self) -> str:
        """Identifier of the first entry."""
        return self._current

    @property
    def earlier(self) -> tuple[str, ...]:
        """Identifiers of the entries after the first, the last of which is the oldest."""
        return tuple(reversed(tuple(self._keks)[1:]))

    def wrap(self, key: bytes) -> Wrapped:
        """See `KeyProvider.wrap`."""
        return Wrapped(self._current, wrap_under(self._keks[self._current], key))

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """See `KeyProvider.unwrap`."""
        kek = self._keks.get(wrapped.kek)
        if kek is None:
            raise unknown(wrapped.kek, f"the environment variable {self._variable}")
        return unwrap_under(kek, wrapped.data)

    def rotate(self) -> str:
        """Always refuse: a process cannot change the environment it is started with the next time."""
        raise KeyProviderError(
            f"KEKs from the environment are rotated by whoever sets {self._variable}: "
            "prepend a new entry, keep the old ones, and restart.",
            zh=f"环境变量中的主密钥由设置 {self._variable} 者更换：请在前面加入新条目，保留旧条目，然后重启",
        )

    def retire(self, kek: str) -> None:
        """Always refuse, for the same reason as `rotate`."""
        if kek == self._current:
            raise InputError(
                f"The KEK {kek!r} is the current one; prepend another entry before it is retired.",
                zh=f"主密钥 {kek!r} 为当前密钥；停用前请先在前面加入另一条目",
            )
        if kek not in self._keks:
            raise unknown(kek, f"the environment variable {self._variable}")
        raise KeyProviderError(
            f"KEKs from the environment are retired by whoever sets {self._variable}: "
            f"remove the entry {kek!r} there and restart.",
            zh=f"环境变量中的主密钥由设置 {self._variable} 者停用：请在其中删除条目 {kek!r}，然后重启",
        )

    def settings(self) -> dict[str, Any]:
        """Return the name of the variable."""
        return {"kind": self.kind, "variable": self._variable}


def new_entry() -> str:
    """Return a fresh entry for the variable: a secret, to be shown only to whoever sets it."""
    return f"k{secrets.token_hex(6)}:{encode(secrets.token_bytes(KEY_BYTES))}"


def _parse(text: str, variable: str) -> dict[str, bytes]:
    keks: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(","), start=1):
        kek, _, key = entry.strip().partition(":")
        try:
            keks[check_identifier(kek)] = _key(key)
        except ValueError:
            # InputError is a ValueError too. Neither is chained: what was misplaced may be the key itself.
            raise KeyProviderError(
                f"Entry {number} of {variable} is malformed; the form is {_FORM}.",
                zh=f"{variable} 的第 {number} 条格式有误；格式为 {_FORM}",
            ) from None
        if len(keks) != number:
            raise KeyProviderError(
                f"Entry {number} of {variable} repeats an identifier; each KEK needs its own.",
                zh=f"{variable} 的第 {number} 条标识符重复；各主密钥须有各自的标识符",
            )
    return keks


def _key(text: str) -> bytes:
    key = decode(text)
    if len(key) != KEY_BYTES:
        raise ValueError("another length")
    return key
