"""Which key providers there are, how a new one is made, and how an existing one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suwen.errors import InputError
from suwen.records.keys.environment import EnvironmentProvider
from suwen.records.keys.file import FileProvider
from suwen.records.keys.keyring_service import KeyringProvider
from suwen.records.keys.nouns import KeyProvider, ProviderKind, Secret
from suwen.records.keys.pkcs11_token import Pkcs11Provider
from suwen.records.keys.transit import TransitProvider

__all__ = ["PROVIDERS", "create_provider", "open_provider"]


def create_provider(kind: str, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> KeyProvider:
    """Make the first KEK of a new store whose folder is `folder`; `secret` is asked for a passphrase, PIN or token.

    Raises:
        InputError: the kind or a setting is unknown, or there are KEKs already.
        KeyProviderError: the KEK cannot be made or kept.
        MissingExtraError: the provider needs an optional package.

    """
    return _row(kind).create(settings, folder=folder, secret=secret)


def open_provider(settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> KeyProvider:
    """Open the KEKs that `KeyProvider.settings` described.

    Raises:
        InputError: the kind or a setting is unknown.
        KeyProviderError: the KEKs cannot be had: wrong passphrase, absent token, unreachable service.
        TamperError: the KEKs were changed or damaged.
        MissingExtraError: the provider needs an optional package.

    """
    return _row(str(settings.get("kind"))).open(settings, folder=folder, secret=secret)


def _row(kind: str) -> type[ProviderKind]:
    if kind not in PROVIDERS:
        raise InputError(
            f"{kind[:64]!r} is not a key provider; choose one of {', '.join(PROVIDERS)}.",
            zh=f"{kind[:64]!r} 不是密钥服务；请选 {'、'.join(PROVIDERS)} 之一",
        )
    return PROVIDERS[kind]


PROVIDERS: dict[str, type[ProviderKind]] = {
    "file": FileProvider,
    "environment": EnvironmentProvider,
    "keyring": KeyringProvider,
    "transit": TransitProvider,
    "pkcs11": Pkcs11Provider,
}
