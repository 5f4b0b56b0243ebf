"""KEKs in the OS keyring: where they lie, and that a keyring which cannot keep them is noticed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keys_makers import memory_keyring

from suwen.errors import InputError, KeyProviderError, MissingExtraError
from suwen.records.keys.keyring_service import KeyringProvider

keyring = pytest.importorskip("keyring", reason="keyring is not installed (extra keyring)")
KEY = bytes(range(32))
Items = dict[tuple[str, str], str]


@pytest.fixture
def items() -> Iterator[Items]:
    with memory_keyring() as kept:
        yield kept


def create(folder: Path, **given: Any) -> KeyringProvider:
    return KeyringProvider.create(given, folder=folder, secret=str)


def test_each_kek_is_an_item_and_current_points_to_one(items: Items, tmp_path: Path) -> None:
    provider = create(tmp_path)
    first, second = provider.current, provider.rotate()
    service = provider.settings()["service"]
    assert set(items) == {(service, "current"), (service, first), (service, second)}
    assert items[service, "current"] == second
    provider.retire(first)
    assert set(items) == {(service, "current"), (service, second)}
    assert list(tmp_path.iterdir()) == []


def test_two_stores_do_not_meet(items: Items, tmp_path: Path) -> None:
    one, other = create(tmp_path), create(tmp_path)
    assert one.settings() != other.settings()
    with pytest.raises(KeyProviderError):
        other.unwrap(one.wrap(KEY))
    assert len(items) == 4


def test_an_existing_service_is_never_overwritten(items: Items, tmp_path: Path) -> None:
    provider = create(tmp_path, service="clinic")
    before = dict(items)
    with pytest.raises(InputError, match="already holds KEKs"):
        create(tmp_path, service="clinic")
    assert items == before
    assert provider.unwrap(provider.wrap(KEY)) == KEY


@pytest.mark.parametrize("service", ["a b", "/etc", "ü", "x" * 65])
def test_a_service_is_named_plainly(items: Items, tmp_path: Path, service: str) -> None:
    with pytest.raises(InputError):
        create(tmp_path, service=service)
    assert items == {}


def test_an_absent_or_changed_item_is_said(items: Items, tmp_path: Path) -> None:
    provider = create(tmp_path)
    settings = provider.settings()
    items[settings["service"], provider.current] = "bm90IGEga2V5"
    with pytest.raises(KeyProviderError, match="not a KEK"):
        KeyringProvider.open(settings, folder=tmp_path, secret=str)
    items.clear()
    with pytest.raises(KeyProviderError, match="holds no KEK"):
        KeyringProvider.open(settings, folder=tmp_path, secret=str)


def test_a_rotation_cut_off_leaves_the_old_kek_current(
    items: Items, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = create(tmp_path)
    current = provider.current
    backend = keyring.get_keyring()
    kept = type(backend).set_password

    def cut_off(self: Any, service: str, username: str, password: str) -> None:
        if username == "current":
            raise keyring.errors.PasswordSetError("locked")
        kept(self, service, username, password)

    monkeypatch.setattr(type(backend), "set_password", cut_off)
    with pytest.raises(KeyProviderError, match="PasswordSetError"):
        provider.rotate()
    again = KeyringProvider.open(provider.settings(), folder=tmp_path, secret=str)
    assert again.current == current
    assert again.unwrap(provider.wrap(KEY)) == KEY
    assert len(items) == 3  # the unused KEK does no harm


@pytest.mark.parametrize("backend", ["keyring.backends.null", "keyring.backends.fail"])
def test_a_keyring_that_keeps_nothing_is_noticed(items: Items, tmp_path: Path, backend: str) -> None:
    __import__(backend)
    keyring.set_keyring(sys.modules[backend].Keyring())
    with pytest.raises(KeyProviderError):
        create(tmp_path)
    assert items == {}


def test_a_plaintext_keyring_is_refused(items: Items, tmp_path: Path) -> None:
    class PlaintextKeyring(type(keyring.get_keyring())):  # type: ignore[misc]
        """Named as the one of keyrings.alt."""

    keyring.set_keyring(PlaintextKeyring())
    with pytest.raises(KeyProviderError, match="plain text"):
        create(tmp_path)
    assert items == {}


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtraError, match=r"suwen\[keyring\]"):
        create(tmp_path)
