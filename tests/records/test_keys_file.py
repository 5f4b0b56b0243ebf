"""The key file: every flipped bit is noticed, no kill loses a KEK, and only the passphrase opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from hypothesis import given, settings
from hypothesis import strategies as st
from keys_makers import CHEAP, PASSPHRASE

from suwen.errors import InputError, KeyProviderError, TamperError
from suwen.records import durable
from suwen.records.keys import Wrapped, key_file, open_provider
from suwen.records.keys.file import NAME, FileProvider
from suwen.records.keys.key_file import RECOMMENDED, Cost
from suwen.records.keys.wrapping import unwrap_under, wrap_under

OTHER = "four other longer words"
KEY = bytes(range(32))
CHEAPER = Cost(**CHEAP)


def phrase(_: str) -> str:
    return PASSPHRASE


def noon() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


def create(folder: Path) -> FileProvider:
    return FileProvider.create(CHEAP, folder=folder, secret=phrase, clock=noon)


def reopen(folder: Path, passphrase: str = PASSPHRASE) -> FileProvider:
    return FileProvider.open({}, folder=folder, secret=lambda _: passphrase)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file with two KEKs, only read by the tests that take it."""
    folder = tmp_path_factory.mktemp("keys")
    create(folder).rotate()
    return folder / NAME


def test_wrapping_is_rfc_5649_done_by_hand() -> None:
    # The vectors of RFC 5649, section 6, have 192-bit KEKs and shorter keys; so its section 4.2 is followed by hand:
    # six rounds of AES backwards, and what is left in front is A65959A6 and the length.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    kek = bytes(range(32, 64))
    wrapped = wrap_under(kek, KEY)
    block = Cipher(algorithms.AES(kek), modes.ECB()).decryptor()  # noqa: S305 - the block cipher itself is meant
    check, parts = wrapped[:8], [wrapped[8 * n : 8 * n + 8] for n in range(1, 5)]
    for turn in range(5, -1, -1):
        for n in range(4, 0, -1):
            mixed = (int.from_bytes(check, "big") ^ (4 * turn + n)).to_bytes(8, "big")
            found = block.update(mixed + parts[n - 1])
            check, parts[n - 1] = found[:8], found[8:]
    assert check == bytes.fromhex("a65959a600000020")
    assert b"".join(parts) == KEY == unwrap_under(kek, wrapped)


@pytest.mark.parametrize("length", [1, 16, 25, 31])
def test_a_shorter_key_wrapped_by_somebody_who_holds_the_kek_is_refused(length: int) -> None:
    with pytest.raises(TamperError):
        unwrap_under(KEY, aes_key_wrap_with_padding(KEY, bytes(length)))


# What lies on the disk


def test_the_file_is_private_and_shows_no_key(tmp_path: Path) -> None:
    provider = create(tmp_path / "store")
    place = tmp_path / "store" / NAME
    document = json.loads(place.read_text())
    assert place.stat().st_mode & 0o777 == 0o600
    assert document["format"] == 1
    assert document["cost"] == CHEAP
    assert provider.current not in place.read_text()
    assert {one.name for one in place.parent.iterdir()} == {NAME, "keys.lock"}


def test_the_default_cost_is_the_second_recommendation_of_rfc_9106(tmp_path: Path) -> None:
    FileProvider.create({}, folder=tmp_path, secret=phrase)
    assert json.loads((tmp_path / NAME).read_text())["cost"] == {"lanes": 4, "memory_kib": 65536, "time": 3}
    assert Cost(3, 65536, 4) == RECOMMENDED
    assert reopen(tmp_path).unwrap(reopen(tmp_path).wrap(KEY)) == KEY


def test_each_kek_says_when_it_was_made(tmp_path: Path) -> None:
    provider = create(tmp_path)
    second = provider.rotate()
    assert list(provider.created.items())[-1] == (second, "2026-03-01T12:00:00+00:00")
    assert len(reopen(tmp_path).created) == 2


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    create(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(InputError, match="exists already"):
        create(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


# A golden file: what version 0.1 wrote is read for ever


GOLDEN = json.loads((Path(__file__).parent / "test_keys_format_1.json").read_text(encoding="utf-8"))


def test_a_file_of_format_1_is_read_for_ever(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(GOLDEN["file"], encoding="ascii")
    provider = reopen(tmp_path, GOLDEN["passphrase"])
    assert provider.current == GOLDEN["current"]
    for one in GOLDEN["wrapped"]:
        assert provider.unwrap(Wrapped(one["kek"], bytes.fromhex(one["data"]))).hex() == one["key"]


# Passphrases


@pytest.mark.parametrize("wrong", ["", "correct horse battery stapl", PASSPHRASE.upper(), PASSPHRASE + " ", "x" * 4000])
def test_a_wrong_passphrase_is_said_in_one_sentence(made: Path, wrong: str) -> None:
    with pytest.raises(KeyProviderError, match="passphrase is not the one") as caught:
        reopen(made.parent, wrong)
    assert str(caught.value).count("\n") == 0
    assert not wrong or wrong not in str(caught.value)


@pytest.mark.parametrize("short", ["", "elevenchars", "\N{LATIN SMALL LETTER E}\N{COMBINING ACUTE ACCENT}" * 11])
def test_a_short_passphrase_is_refused(tmp_path: Path, short: str) -> None:
    with pytest.raises(InputError, match="fewer than 12"):
        FileProvider.create(CHEAP, folder=tmp_path, secret=lambda _: short)
    assert list(tmp_path.iterdir()) == []
    provider = create(tmp_path)
    with pytest.raises(InputError, match="fewer than 12"):
        provider.change_passphrase(short)
    assert reopen(tmp_path).current == provider.current


def test_the_same_passphrase_may_be_typed_composed_or_not(tmp_path: Path) -> None:
    composed, apart = "Gänseblümchen am Weg", "Ga\u0308nseblu\u0308mchen am Weg"
    assert composed != apart
    FileProvider.create(CHEAP, folder=tmp_path, secret=lambda _: composed)
    assert reopen(tmp_path, apart).current == reopen(tmp_path, composed).current


def test_the_passphrase_can_be_changed(tmp_path: Path) -> None:
    provider = create(tmp_path)
    running = reopen(tmp_path)
    wrapped = provider.wrap(KEY)
    salt = json.loads((tmp_path / NAME).read_text())["salt"]
    provider.change_passphrase(OTHER, cost=CHEAPER)
    assert json.loads((tmp_path / NAME).read_text())["salt"] != salt
    provider.rotate()
    assert reopen(tmp_path, OTHER).unwrap(wrapped) == provider.unwrap(wrapped) == KEY
    with pytest.raises(KeyProviderError):
        reopen(tmp_path)
    # A program that knows only the old passphrase must not go on, least of all write.
    for act in (running.rotate, lambda: running.wrap(KEY)):
        with pytest.raises(KeyProviderError, match="open it again"):
            act()
    assert reopen(tmp_path, OTHER).current == provider.current


@pytest.mark.parametrize(
    "cost", [{"time": 1}, {"memory_kib": 1024}, {"memory_kib": 1 << 21}, {"lanes": 0}, {"time": 99}]
)
def test_a_cost_out_of_bounds_is_refused(tmp_path: Path, cost: dict[str, int]) -> None:
    with pytest.raises(InputError, match="out of bounds"):
        FileProvider.create(cost, folder=tmp_path, secret=phrase)


# Damage and changes


def test_every_flipped_bit_is_noticed(made: Path) -> None:
    raw = made.read_bytes()
    for place in range(len(raw)):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            with pytest.raises(TamperError):
                key_file.read(made, bytes(flipped))


def test_a_flipped_bit_is_noticed_where_a_store_opens(tmp_path: Path) -> None:
    create(tmp_path)
    raw = bytearray((tmp_path / NAME).read_bytes())
    raw[-1] ^= 2
    (tmp_path / NAME).write_bytes(raw)
    with pytest.raises(TamperError, match="changed or damaged"):
        open_provider({"kind": "file"}, folder=tmp_path, secret=phrase)


@given(cut=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_a_file_cut_short_is_noticed(made: Path, cut: int) -> None:
    raw = made.read_bytes()
    with pytest.raises(TamperError):
        key_file.read(made, raw[: cut % len(raw)])


@given(raw=st.binary(max_size=300) | st.text(alphabet='{}[]":,0 1e', max_size=60).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_nonsense_is_not_a_key_file(made: Path, raw: bytes) -> None:
    with pytest.raises(TamperError):
        key_file.read(made, raw)


@pytest.mark.parametrize(
    "raw", [b"[" * 100_000, b"1" * 100_000, b'"' + b"a" * (2 << 20) + b'"', b"\xff\xfe{}", b"null", b"{}\n"]
)
def test_hostile_documents_are_refused(made: Path, raw: bytes) -> None:
    with pytest.raises(TamperError):
        key_file.read(made, raw)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n ", "\n  "),
        lambda text: text.replace(": ", ":"),
        lambda text: text + "\n",
        lambda text: text.replace('"format": 1', '"format": 1.0'),
        lambda text: text.replace('"format"', '"f\\u006frmat"'),
        lambda text: text.replace('"format": 1,', '"format": 1,\n "format": 1,'),
    ],
)
def test_the_same_document_written_otherwise_is_noticed(made: Path, change: Callable[[str], str]) -> None:
    changed = change(made.read_text())
    assert json.loads(changed) == json.loads(made.read_text())
    with pytest.raises(TamperError):
        key_file.read(made, changed.encode())


def rewritten(made: Path, **changes: Any) -> bytes:
    """The file as somebody without the passphrase can write it: another field, and the checksum made right again."""
    document = {**json.loads(made.read_text()), **changes}
    document.pop("sha256")
    document = {name: value for name, value in document.items() if value is not None}
    plain = (json.dumps(document, sort_keys=True, indent=1) + "\n").encode()
    document["sha256"] = hashlib.sha256(plain).hexdigest()
    return (json.dumps(document, sort_keys=True, indent=1) + "\n").encode()


@given(name=st.sampled_from(["salt", "nonce", "keks"]), place=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_a_change_with_the_checksum_made_right_opens_nothing(made: Path, name: str, place: int, bit: int) -> None:
    value = bytearray(base64.b64decode(json.loads(made.read_text())[name]))
    value[place % len(value)] ^= 1 << bit
    sealed = key_file.read(made, rewritten(made, **{name: base64.b64encode(value).decode()}))
    with pytest.raises(KeyProviderError, match="nothing was opened"):
        key_file.open_sealed(sealed, key_file.unlocking(PASSPHRASE, sealed.salt, sealed.cost))


def test_the_header_is_part_of_what_the_tag_protects(made: Path) -> None:
    sealed = key_file.read(made, made.read_bytes())
    by = key_file.unlocking(PASSPHRASE, sealed.salt, sealed.cost)
    other = key_file.read(made, rewritten(made, cost={"lanes": 2, "memory_kib": 19 << 10, "time": 2}))
    with pytest.raises(KeyProviderError):
        key_file.open_sealed(other, by)  # the right key, but for another header


@pytest.mark.parametrize(
    "changes",
    [
        {"cost": {"lanes": 1, "memory_kib": 8, "time": 1}},  # guessing made cheap
        {"cost": {"lanes": 1, "memory_kib": 1 << 30, "time": 2}},  # a terabyte of memory
        {"cost": {"lanes": 1, "memory_kib": 19 << 10, "time": 1 << 31}},
        {"cost": {"lanes": 1.0, "memory_kib": 19 << 10, "time": 2}},
        {"cost": {"lanes": True, "memory_kib": 19 << 10, "time": 2}},
        {"cost": {"lanes": 1, "memory_kib": 19 << 10}},
        {"cost": [1, 2, 3]},
        {"kdf": "argon2i-19"},
        {"aead": "AES-128-GCM"},
        {"nonce": "AAAA"},
        {"salt": "AAAA"},
        {"salt": "AAAAAAAAAAAAAAAAAAAAAB=="},  # spare bits that are not zero
        {"salt": None},
        {"keks": 7},
        {"more": "fields"},
    ],
)
def test_a_planted_file_is_refused_before_any_memory_is_spent(made: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(TamperError):
        key_file.read(made, rewritten(made, **changes))


def test_a_later_format_is_said_to_be_later(made: Path) -> None:
    with pytest.raises(KeyProviderError, match="newer Suwen"):
        key_file.read(made, rewritten(made, format=2))


@pytest.mark.parametrize("number", [0, -1, "1", True, None, 1.5])
def test_a_format_that_never_was_is_damage(made: Path, number: Any) -> None:
    with pytest.raises(TamperError):
        key_file.read(made, rewritten(made, format=number))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyProviderError, match="cannot be read"):
        reopen(tmp_path)
    provider = create(tmp_path)
    (tmp_path / NAME).unlink()
    with pytest.raises(KeyProviderError, match="cannot be read"):
        provider.wrap(KEY)


def test_a_running_program_notices_a_changed_file(tmp_path: Path) -> None:
    provider = create(tmp_path)
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes() + b" ")
    with pytest.raises(TamperError):
        provider.wrap(KEY)


# Failing disks, kills, and several programs


class FullDiskError(OSError):
    def __init__(self) -> None:
        super().__init__(28, "No space left on device")


@pytest.mark.parametrize("act", ["fsync", "write", "replace"])
def test_a_failing_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    provider = create(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    current = provider.current

    def fail(*_: Any, **__: Any) -> None:
        raise FullDiskError

    with monkeypatch.context() as patch:
        if act == "fsync":
            patch.setattr(durable.os, "fsync", fail)
        elif act == "write":
            patch.setattr(durable.os, "fdopen", lambda handle, _: (os.close(handle), fail()))
        else:
            patch.setattr(Path, "replace", fail)
        for change in (provider.rotate, lambda: provider.change_passphrase(OTHER, cost=CHEAPER)):
            with pytest.raises(KeyProviderError, match="No space left"):
                change()
    assert (tmp_path / NAME).read_bytes() == before
    assert provider.current == reopen(tmp_path).current == current
    assert {one.name for one in tmp_path.iterdir()} == {NAME, "keys.lock"}


def test_what_a_kill_left_behind_is_cleared_by_the_next_write(tmp_path: Path) -> None:
    provider = create(tmp_path)
    part = tmp_path / f".{NAME}.part"
    part.write_bytes((tmp_path / NAME).read_bytes())  # it may hold a KEK that is retired later
    provider.rotate()
    assert not part.exists()


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    provider = create(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    (tmp_path / f".{NAME}.part").symlink_to(elsewhere)
    provider.rotate()
    assert elsewhere.read_text() == "untouched"
    assert not (tmp_path / NAME).is_symlink()


ROTATING = """
import sys
from pathlib import Path
from suwen.records.keys.file import FileProvider
provider = FileProvider.open({}, folder=Path(sys.argv[1]), secret=lambda _: sys.argv[2])
while True:
    provider.rotate()
    wrapped = provider.wrap(bytes(range(32)))
    sys.stdout.write(f"{wrapped.kek} {wrapped.data.hex()}\\n")
    sys.stdout.flush()
"""


def test_no_kill_during_rotation_loses_a_kek(tmp_path: Path) -> None:
    create(tmp_path)
    told: list[Wrapped] = []
    for lines in (1, 3, 7, 12):
        command = [sys.executable, "-c", ROTATING, str(tmp_path), PASSPHRASE]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            told += [line_of(child.stdout.readline()) for _ in range(lines)]
            child.send_signal(signal.SIGKILL)
            told += [line_of(line) for line in child.stdout.read().splitlines() if len(line.split()) == 2]
        provider = reopen(tmp_path)
        assert all(provider.unwrap(one) == KEY for one in told if len(one.data) == 40)
    assert len(told) >= 23


DYING = """
import os, signal, sys
from pathlib import Path
from suwen.records.keys.file import FileProvider

def dying(act, when):
    def instead(*given, **named):
        if when == "after":
            act(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    return instead

folder, phrase, name, when = Path(sys.argv[1]), *sys.argv[2:]
provider = FileProvider.open({}, folder=folder, secret=lambda _: phrase)
owner = Path if name == "replace" else os
setattr(owner, name, dying(getattr(owner, name), when))
provider.rotate()
"""


@pytest.mark.parametrize("name", ["open", "fdopen", "fsync", "replace", "close"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_one(tmp_path: Path, name: str, when: str) -> None:
    provider = create(tmp_path)
    wrapped = provider.wrap(KEY)
    command = [sys.executable, "-c", DYING, str(tmp_path), PASSPHRASE, name, when]
    ran = subprocess.run(command, check=False, capture_output=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    again = reopen(tmp_path)
    assert len(again.created) == (2 if (name, when) == ("replace", "after") or name == "close" else 1)
    assert again.unwrap(wrapped) == KEY
    again.rotate()  # neither the lock nor the rest of a file stands in the way
    assert {one.name for one in tmp_path.iterdir()} == {NAME, "keys.lock"}


def line_of(line: str) -> Wrapped:
    kek, data = line.split()
    return Wrapped(kek, bytes.fromhex(data if len(data) % 2 == 0 else data[:-1]))


def test_programs_that_rotate_at_the_same_time_lose_no_kek(tmp_path: Path) -> None:
    create(tmp_path)
    holders = [reopen(tmp_path) for _ in range(4)]

    def work(holder: FileProvider) -> list[Wrapped]:
        found = []
        for _ in range(5):
            holder.rotate()
            found.append(holder.wrap(KEY))
        return found

    with ThreadPoolExecutor(4) as pool:
        wrapped = [one for found in pool.map(work, holders) for one in found]
    again = reopen(tmp_path)
    assert len(again.created) == 21
    assert all(holder.unwrap(one) == KEY for holder in (again, *holders) for one in wrapped)
    assert len({holder.current for holder in (again, *holders)}) == 1
