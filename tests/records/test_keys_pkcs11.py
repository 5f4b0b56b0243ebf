"""KEKs on a PKCS#11 token (SoftHSM): they stay there, do nothing but wrap, and failures are told apart."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keys_makers import PIN, SOFTHSM, softhsm, token_settings

from suwen.errors import InputError, KeyProviderError, MissingExtraError, TamperError
from suwen.records.keys import pkcs11_methods, pkcs11_token
from suwen.records.keys.pkcs11_token import Pkcs11Provider
from suwen.records.keys.wrapping import unwrap_under, wrap_under

pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra hsm)")
KEY = bytes(range(32))


@pytest.fixture(scope="module", autouse=True)
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with softhsm(tmp_path_factory.mktemp("hsm")):
        yield


def create(**changed: Any) -> Pkcs11Provider:
    return Pkcs11Provider.create(token_settings(**changed), folder=Path(), secret=lambda _: PIN)


def reopen(settings: dict[str, Any]) -> Pkcs11Provider:
    return Pkcs11Provider.open(settings, folder=Path(), secret=lambda _: PIN)


def objects(provider: Pkcs11Provider) -> list[Any]:
    label = provider.settings()["label"]
    session = pkcs11.lib(str(SOFTHSM)).get_token(token_label="suwen-test").open(rw=True)  # noqa: S106 - a label
    return list(session.get_objects({pkcs11.Attribute.LABEL: label}))


@pytest.mark.parametrize("method", ["key-wrap-pad", "gcm"])
def test_the_kek_cannot_leave_the_token_and_does_one_thing(method: str) -> None:
    (kek,) = objects(create(method=method))
    wants = pkcs11.Attribute
    assert all(kek[one] for one in (wants.SENSITIVE, wants.ALWAYS_SENSITIVE, wants.NEVER_EXTRACTABLE, wants.PRIVATE))
    assert not any(kek[one] for one in (wants.EXTRACTABLE, wants.SIGN, wants.DERIVE))
    assert kek[wants.VALUE_LEN] == 32
    assert kek[wants.WRAP] == kek[wants.UNWRAP] == (method != "gcm")
    assert kek[wants.ENCRYPT] == kek[wants.DECRYPT] == (method == "gcm")
    with pytest.raises(pkcs11.AttributeSensitive):
        kek[wants.VALUE]


def test_the_best_method_that_works_is_chosen_and_kept() -> None:
    provider = create()
    assert provider.settings()["method"] == "key-wrap-pad"  # SoftHSM does not know the newer name
    assert provider.wrap(KEY).data[0] == pkcs11_methods.METHODS["key-wrap-pad"].byte == 2
    assert len(provider.wrap(KEY).data) == 41


def test_the_token_wraps_by_rfc_5649_as_this_machine_does() -> None:
    provider = create()
    value = bytes(range(100, 132))
    # A KEK whose value is known, which only a test may have.
    provider._session.create_object(
        {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
            pkcs11.Attribute.VALUE: value,
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.LABEL: provider.settings()["label"],
            pkcs11.Attribute.ID: b"000002-00000000",
            pkcs11.Attribute.WRAP: True,
            pkcs11.Attribute.UNWRAP: True,
        }
    )
    wrapped = provider.wrap(KEY)
    assert wrapped.kek == "000002-00000000"
    assert unwrap_under(value, wrapped.data[1:]) == KEY
    assert provider.unwrap(replace(wrapped, data=b"\x02" + wrap_under(value, KEY))) == KEY


def test_tokens_without_key_wrap_fall_back_to_gcm(monkeypatch: pytest.MonkeyPatch) -> None:
    gcm = pkcs11_methods.METHODS["gcm"]
    monkeypatch.setattr(pkcs11_token, "offered", lambda _: [gcm])
    provider = create()
    assert provider.settings()["method"] == "gcm"
    one, other = provider.wrap(KEY), provider.wrap(KEY)
    assert one.data[0] == other.data[0] == gcm.byte == 3
    assert one.data[1:13] != other.data[1:13]  # a fresh nonce each time
    assert provider.unwrap(one) == provider.unwrap(other) == KEY


def test_a_method_that_is_listed_but_does_not_work_is_passed_over() -> None:
    broken = replace(pkcs11_methods.METHODS["kwp"])  # SoftHSM refuses this mechanism
    label = token_settings()["label"]
    session = create()._session
    assert pkcs11_token._make(session, label, broken, 1) is None  # made, tried, and destroyed again
    assert pkcs11_token._find(session, label) == {}
    with pytest.raises(KeyProviderError, match="by none of"):
        create(method="kwp")


def test_a_rotation_that_does_not_work_leaves_the_old_kek(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = create()
    current = provider.current
    monkeypatch.setattr(pkcs11_token, "_works", lambda *_: False)
    with pytest.raises(KeyProviderError, match="does not wrap"):
        provider.rotate()
    assert provider.current == current
    assert len(objects(provider)) == 1


def test_no_data_key_stays_on_the_token() -> None:
    provider = create()
    before = len(list(provider._session.get_objects()))
    for _ in range(5):
        wrapped = provider.wrap(KEY)
        provider.unwrap(wrapped)
        with pytest.raises(TamperError):
            provider.unwrap(replace(wrapped, data=wrapped.data[:-1] + bytes([wrapped.data[-1] ^ 1])))
    assert len(list(provider._session.get_objects())) == before


def test_a_failing_token_is_not_called_tampering(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = create()
    wrapped = provider.wrap(KEY)

    def fail(*_: Any) -> bytes:
        raise pkcs11.GeneralError

    monkeypatch.setattr(pkcs11_methods.Method, "unwrap", fail)
    with pytest.raises(KeyProviderError, match="GeneralError"):
        provider.unwrap(wrapped)


def test_retiring_destroys_the_object() -> None:
    provider = create()
    first = provider.current
    provider.rotate()
    assert len(objects(provider)) == 2
    provider.retire(first)
    assert [bytes(one[pkcs11.Attribute.ID]).decode() for one in objects(provider)] == [provider.current]


def test_two_labels_on_one_token_do_not_meet() -> None:
    one, other = create(), create()
    wrapped = one.wrap(KEY)
    with pytest.raises(KeyProviderError):
        other.unwrap(wrapped)
    with pytest.raises(TamperError):
        other.unwrap(replace(wrapped, kek=other.current))


def test_an_existing_label_is_never_taken_over() -> None:
    provider = create()
    with pytest.raises(InputError, match="already holds KEKs"):
        create(label=provider.settings()["label"])
    assert len(objects(provider)) == 1


def test_an_absent_token_and_an_absent_label_are_said() -> None:
    provider = create()
    with pytest.raises(KeyProviderError, match="exactly one token"):
        reopen({**provider.settings(), "token": "absent"})
    with pytest.raises(KeyProviderError, match="no KEK on"):
        reopen({**provider.settings(), "label": "absent"})


def test_a_library_that_others_may_change_is_not_loaded(tmp_path: Path) -> None:
    loose = tmp_path / "loose.so"
    loose.write_bytes(b"not a library")
    loose.chmod(0o666)
    for library in ("", "libsofthsm2.so", str(tmp_path), str(tmp_path / "absent.so"), str(loose)):
        with pytest.raises(InputError, match="absolute path"):
            create(library=library)
    loose.chmod(0o644)
    with pytest.raises(KeyProviderError, match="did not work"):
        create(library=str(loose))


@pytest.mark.parametrize("changed", [{"token": ""}, {"label": ""}, {"method": "rot13"}, {"token": 7}])
def test_settings_that_cannot_be_used_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        create(**changed)


def test_the_method_belongs_to_the_settings() -> None:
    settings = create().settings()
    with pytest.raises(InputError, match="method"):
        reopen({**settings, "method": ""})


ELSEWHERE = """
import json, sys
from pathlib import Path
from suwen.errors import KeyProviderError
from suwen.records.keys import Wrapped, open_provider
settings, pin, kek, data = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3], bytes.fromhex(sys.argv[4])
try:
    provider = open_provider(settings, folder=Path(), secret=lambda _: pin)
    sys.stdout.write(provider.unwrap(Wrapped(kek, data)).hex())
except KeyProviderError as error:
    sys.stdout.write(str(error))
"""


@pytest.mark.parametrize(
    ("pin", "said"), [(PIN, KEY.hex()), ("00000000", "PIN is not the one"), ("1", "PIN is not the one")]
)
def test_another_process_needs_the_pin(pin: str, said: str) -> None:
    provider = create()
    wrapped = provider.wrap(KEY)
    command = [sys.executable, "-c", ELSEWHERE, json.dumps(provider.settings()), pin, wrapped.kek, wrapped.data.hex()]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert said in ran.stdout
    assert pin == PIN or pin not in ran.stdout.replace(SOFTHSM.name, "")


def test_after_logging_out_nothing_opens() -> None:
    provider = create()
    wrapped = provider.wrap(KEY)
    provider.close()
    for act in (lambda: provider.unwrap(wrapped), lambda: provider.wrap(KEY), provider.rotate, provider.close):
        with pytest.raises(KeyProviderError, match="closed"):
            act()
    assert reopen(provider.settings()).unwrap(wrapped) == KEY


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(MissingExtraError, match=r"suwen\[hsm\]"):
        create()
