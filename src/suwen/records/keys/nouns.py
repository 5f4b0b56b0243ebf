"""The nouns of key wrapping: a wrapped data key, and what every key provider can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

__all__ = ["KEY_BYTES", "KeyProvider", "ProviderKind", "Secret", "Wrapped"]

KEY_BYTES = 32  # data keys and KEKs are AES-256 keys

Secret = Callable[[str], str]
"""Takes a prompt, returns a passphrase, PIN or token; the door decides whether it asks a person or reads a file."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it is stored: which key-encryption key (KEK) wrapped it, and the wrapped bytes."""

    kek: str
    data: bytes


class KeyProvider(Protocol):
    """Holder of the key-encryption keys; data keys go in and out, KEKs never do."""

    @property
    def kind(self) -> str:
        """The row of `suwen.records.keys.PROVIDERS` this provider belongs to."""
        ...

    @property
    def current(self) -> str:
        """Identifier of the KEK that wraps new data keys."""
        ...

    @property
    def earlier(self) -> tuple[str, ...]:
        """Identifiers of the KEKs that still unwrap and no longer wrap, oldest first, as far as the provider can list.

        They are what is retired after a rotation, in this order.
        """
        ...

    def wrap(self, key: bytes) -> Wrapped:
        """Wrap a data key of 32 bytes under the current KEK.

        Raises:
            InputError: `key` is not 32 bytes long.
            KeyProviderError: the KEK cannot be had or used.

        """
        ...

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """Return the data key of 32 bytes.

        Raises:
            TamperError: the wrapped bytes were changed, or were wrapped by another KEK than they name.
            KeyProviderError: the KEK is unknown, retired or unreachable.

        """
        ...

    def rotate(self) -> str:
        """Make a new KEK current and return its identifier; earlier KEKs still unwrap.

        Raises:
            KeyProviderError: the KEK cannot be made here, or could not be kept.

        """
        ...

    def retire(self, kek: str) -> None:
        """Destroy an earlier KEK: what it wrapped can never be unwrapped again, so rewrap everything first.

        Raises:
            InputError: `kek` is the current one.
            KeyProviderError: `kek` is unknown, or could not be destroyed.

        """
        ...

    def settings(self) -> dict[str, Any]:
        """Return what `open_provider` needs to find the KEKs again: JSON-able, without any secret."""
        ...


class ProviderKind(KeyProvider, Protocol):
    """A class of key providers: how one is made for a new store, and how it is opened again."""

    @classmethod
    def create(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:
        """Make the first KEK of a new store."""
        ...

    @classmethod
    def open(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:
        """Open the KEKs of an existing store."""
        ...
