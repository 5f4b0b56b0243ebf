"""Every key provider that this machine can run, behind one handle, so that the same laws are asked of all of them."""

from __future__ import annotations

import importlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from keys_transit_peer import Engine, serving

from suwen.records.keys import KeyProvider, create_provider, open_provider
from suwen.records.keys.environment import new_entry

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - opens nothing but what the tests make
PIN = "73019482"
CHEAP = {"time": 2, "memory_kib": 19 << 10, "lanes": 1}  # the floor of the file provider
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")


@dataclass
class Site:
    """One store's key provider: created, opened again, and rotated and retired by whoever is entitled to."""

    kind: str
    folder: Path
    settings: dict[str, Any]
    secret: str
    asked: list[str] = field(default_factory=list)

    def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self.secret

    def create(self) -> KeyProvider:
        return create_provider(self.kind, self.settings, folder=self.folder, secret=self.ask)

    def open(self, settings: dict[str, Any]) -> KeyProvider:
        return open_provider(settings, folder=self.folder, secret=self.ask)

    def rotate(self, provider: KeyProvider) -> KeyProvider:
        provider.rotate()
        return provider

    def retire(self, provider: KeyProvider, kek: str) -> KeyProvider:
        provider.retire(kek)
        return provider


class EnvironmentSite(Site):
    """The variable is changed by whoever starts the process, that is, by the test."""

    def rotate(self, provider: KeyProvider) -> KeyProvider:
        os.environ["SUWEN_KEK"] = f"{new_entry()},{os.environ['SUWEN_KEK']}"
        return self.open(provider.settings())

    def retire(self, provider: KeyProvider, kek: str) -> KeyProvider:
        kept = [one for one in os.environ["SUWEN_KEK"].split(",") if not one.startswith(f"{kek}:")]
        os.environ["SUWEN_KEK"] = ",".join(kept)
        return self.open(provider.settings())


@contextmanager
def file_site(folder: Path) -> Iterator[Site]:
    yield Site("file", folder, dict(CHEAP), PASSPHRASE)


@contextmanager
def environment_site(folder: Path) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUWEN_KEK", new_entry())
        yield EnvironmentSite("environment", folder, {}, "not asked for")


@contextmanager
def memory_keyring() -> Iterator[dict[tuple[str, str], str]]:
    """A keyring backend of the test's own, through keyring's public interface for backends."""
    keyring = pytest.importorskip("keyring", reason="keyring is not installed (extra keyring)")
    backend, errors = importlib.import_module("keyring.backend"), importlib.import_module("keyring.errors")
    items: dict[tuple[str, str], str] = {}

    class MemoryKeyring(backend.KeyringBackend):
        priority = 0.1

        def get_password(self, service: str, username: str) -> str | None:
            return items.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            items[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            if (service, username) not in items:
                raise errors.PasswordDeleteError("no such item")
            del items[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        yield items
    finally:
        keyring.set_keyring(before)


@contextmanager
def keyring_site(folder: Path) -> Iterator[Site]:
    with memory_keyring():
        yield Site("keyring", folder, {}, "not asked for")


@contextmanager
def transit_site(folder: Path) -> Iterator[Site]:
    with serving(Engine()) as engine:
        yield Site("transit", folder, {"address": engine.address}, engine.token)


@contextmanager
def softhsm(folder: Path) -> Iterator[None]:
    """A fresh SoftHSM with one token, for as long as the block lasts: one library, one configuration a process."""
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra hsm)")
    if not SOFTHSM.exists() or shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    tokens = folder / "tokens"
    tokens.mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "suwen-test", "--pin", PIN, "--so-pin", PIN]
        subprocess.run(command, check=True, capture_output=True)
        # A library that another test has initialised knows another configuration.
        if str(SOFTHSM) in pkcs11._loaded:
            pkcs11._loaded[str(SOFTHSM)].reinitialize()
        try:
            yield
        finally:
            pkcs11.lib(str(SOFTHSM)).finalize()


def token_settings(**changed: Any) -> dict[str, Any]:
    return {"library": str(SOFTHSM), "token": "suwen-test", "label": f"kek-{secrets.token_hex(4)}", **changed}


@contextmanager
def pkcs11_site(folder: Path) -> Iterator[Site]:
    with softhsm(folder / "hsm"):
        yield Site("pkcs11", folder, token_settings(), PIN)


@contextmanager
def pkcs11_gcm_site(folder: Path) -> Iterator[Site]:
    with softhsm(folder / "hsm"):
        yield Site("pkcs11", folder, token_settings(method="gcm"), PIN)


SITES: dict[str, Callable[[Path], Any]] = {
    "file": file_site,
    "environment": environment_site,
    "keyring": keyring_site,
    "transit": transit_site,
    "pkcs11": pkcs11_site,
    "pkcs11-gcm": pkcs11_gcm_site,
}


@contextmanager
def site_of(name: str, folder: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield stack.enter_context(SITES[name](folder))
