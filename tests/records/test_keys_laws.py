"""What every key provider promises: keys come back, old KEKs still open, retired ones never, changed bytes never."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from keys_makers import SITES, Site, site_of

from suwen.errors import InputError, KeyProviderError, StoreError, TamperError
from suwen.records.keys import PROVIDERS, KeyProvider, Wrapped, create_provider, open_provider


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with site_of(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def provider(site: Site) -> KeyProvider:
    return site.create()


def test_every_kind_has_its_laws_asked() -> None:
    assert {name.removesuffix("-gcm") for name in SITES} == set(PROVIDERS)


def test_a_key_comes_back(provider: KeyProvider, site: Site) -> None:
    key = os.urandom(32)
    wrapped = provider.wrap(key)
    assert wrapped.kek == provider.current
    assert provider.kind == site.kind
    assert key not in wrapped.data
    assert provider.unwrap(wrapped) == key


def test_only_data_keys_are_wrapped(provider: KeyProvider) -> None:
    for length in (0, 16, 31, 33, 4096):
        with pytest.raises(InputError):
            provider.wrap(bytes(length))


def test_an_earlier_kek_still_opens_after_rotation_and_after_reopening(provider: KeyProvider, site: Site) -> None:
    keys = [os.urandom(32) for _ in range(3)]
    wrapped = [provider.wrap(keys[0])]
    for key in keys[1:]:
        provider = site.rotate(provider)
        wrapped.append(provider.wrap(key))
    assert len({one.kek for one in wrapped}) == 3
    assert wrapped[-1].kek == provider.current
    again = site.open(provider.settings())
    assert again.current == provider.current
    for holder in (provider, again):
        assert [holder.unwrap(one) for one in wrapped] == keys


def test_earlier_keks_are_listed_oldest_first_and_retired_in_that_order(provider: KeyProvider, site: Site) -> None:
    made = [provider.current]
    for _ in range(2):
        provider = site.rotate(provider)
        made.append(provider.current)
    if site.kind == "keyring":
        assert provider.earlier == ()  # a keyring does not list its items
        return
    assert list(provider.earlier) == made[:-1]
    if site.kind == "environment":
        return  # retired by whoever sets the variable
    for kek in provider.earlier:
        provider.retire(kek)
    assert provider.earlier == ()
    assert provider.current == made[-1]


def test_a_retired_kek_opens_nothing_ever_again(provider: KeyProvider, site: Site) -> None:
    old = provider.wrap(os.urandom(32))
    provider = site.rotate(provider)
    kept = os.urandom(32)
    new = provider.wrap(kept)
    provider = site.retire(provider, old.kek)
    for holder in (provider, site.open(provider.settings())):
        with pytest.raises(KeyProviderError):
            holder.unwrap(old)
        assert holder.unwrap(new) == kept


def test_the_current_kek_is_never_retired(provider: KeyProvider) -> None:
    wrapped = provider.wrap(bytes(32))
    with pytest.raises(InputError):
        provider.retire(provider.current)
    assert provider.unwrap(wrapped) == bytes(32)


@pytest.mark.parametrize("kek", ["", "v9", "v0", "999999-00000000", "current", "k000000000000", "../../etc", "é\n"])
def test_an_unknown_kek_opens_nothing_and_cannot_be_retired(provider: KeyProvider, kek: str) -> None:
    wrapped = provider.wrap(bytes(32))
    with pytest.raises(KeyProviderError):
        provider.unwrap(Wrapped(kek, wrapped.data))
    with pytest.raises(KeyProviderError):
        provider.retire(kek)


def test_every_changed_byte_is_noticed(provider: KeyProvider) -> None:
    wrapped = provider.wrap(os.urandom(32))
    for place in range(len(wrapped.data)):
        changed = bytearray(wrapped.data)
        changed[place] ^= 1 << (place % 8)
        with pytest.raises(TamperError):
            provider.unwrap(replace(wrapped, data=bytes(changed)))


def test_every_other_length_is_noticed(provider: KeyProvider) -> None:
    wrapped = provider.wrap(os.urandom(32))
    for length in (0, 1, 8, 13, 16, 24, 32, len(wrapped.data) - 1):
        with pytest.raises(TamperError):
            provider.unwrap(replace(wrapped, data=wrapped.data[:length]))
    with pytest.raises(TamperError):
        provider.unwrap(replace(wrapped, data=wrapped.data + bytes(8)))


def test_bytes_moved_to_another_kek_are_noticed(provider: KeyProvider, site: Site) -> None:
    old = provider.wrap(os.urandom(32))
    provider = site.rotate(provider)
    with pytest.raises(TamperError):
        provider.unwrap(replace(old, kek=provider.current))


def test_settings_are_json_without_the_secret(provider: KeyProvider, site: Site) -> None:
    settings = json.loads(json.dumps(provider.settings()))
    text = json.dumps(settings)
    secrets = [site.secret, *os.environ.get("SUWEN_KEK", "none set").split(":")[1:]]
    assert settings["kind"] == site.kind
    assert [one for one in secrets if one in text or one in repr(provider)] == []
    assert open_provider(settings, folder=site.folder, secret=site.ask).current == provider.current


def test_four_threads_at_once(provider: KeyProvider) -> None:
    def work(_: int) -> bool:
        keys = [os.urandom(32) for _ in range(20)]
        return [provider.unwrap(provider.wrap(key)) for key in keys] == keys

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


def test_threads_that_rotate_while_others_wrap(provider: KeyProvider, site: Site) -> None:
    if site.kind == "environment":
        pytest.skip("the environment is rotated from outside")

    def work(number: int) -> list[tuple[bytes, Wrapped]]:
        pairs = []
        for turn in range(6):
            if number == 0 and turn % 2:
                provider.rotate()
            key = os.urandom(32)
            pairs.append((key, provider.wrap(key)))
        return pairs

    with ThreadPoolExecutor(4) as pool:
        pairs = [pair for found in pool.map(work, range(4)) for pair in found]
    again = site.open(provider.settings())
    assert all(holder.unwrap(wrapped) == key for key, wrapped in pairs for holder in (provider, again))


def test_two_programs_see_each_other_rotate(provider: KeyProvider, site: Site) -> None:
    if site.kind == "environment":
        pytest.skip("the environment of a running process does not change")
    other = site.open(provider.settings())
    before = other.current
    provider.rotate()
    wrapped = other.wrap(bytes(32))
    assert wrapped.kek == provider.current == other.current != before
    provider.retire(before)
    assert provider.unwrap(wrapped) == other.unwrap(wrapped) == bytes(32)


def test_a_setting_that_does_not_exist_is_refused(site: Site) -> None:
    with pytest.raises(InputError, match="colour"):
        create_provider(site.kind, {**site.settings, "colour": "red"}, folder=site.folder, secret=site.ask)
    with pytest.raises(InputError, match="kind"):
        create_provider(site.kind, {**site.settings, "kind": "other"}, folder=site.folder, secret=site.ask)


@pytest.mark.parametrize("kind", ["", "aws", "None"])
def test_a_kind_that_does_not_exist_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match="choose one of file"):
        create_provider(kind, {}, folder=tmp_path, secret=str)
    with pytest.raises(InputError, match="choose one of file"):
        open_provider({"kind": kind}, folder=tmp_path, secret=str)
    with pytest.raises(InputError, match="choose one of file"):
        open_provider({}, folder=tmp_path, secret=str)


def test_errors_are_of_one_tree() -> None:
    assert issubclass(KeyProviderError, StoreError)
    assert issubclass(TamperError, StoreError)
