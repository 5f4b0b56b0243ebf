"""Audit events and their sealed entries: one canonical form, nothing changed unseen, and readable for ever."""

from __future__ import annotations

import hmac
import json
import struct
from collections.abc import Iterator
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError, TamperError
from suwen.records.audit.entry import (
    EntrySealer,
    Event,
    EventKind,
    Outcome,
    SealedEntry,
    decode,
    encode,
    leaf_bytes,
)
from suwen.records.audit.merkle import leaf_hash

GOLDEN = Path(__file__).parent.parent / "golden" / "audit" / "entry-1.json"
KEY = bytes(range(32))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
integers = st.integers(-(1 << 63), (1 << 63) - 1)
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | texts
details = st.dictionaries(texts, scalars | st.lists(scalars, max_size=4), max_size=4)
events = st.builds(
    Event,
    st.sampled_from(EventKind),
    st.integers(0, 253_402_300_799_999_999),
    texts,
    texts,
    texts,
    texts,
    st.sampled_from(Outcome),
    details,
)
SEEN = Event(
    EventKind.OPEN, 1_764_089_333_000_001, "dr-7", "view", "TREAT", "patient-9", Outcome.SUCCESS, {"record": "r1"}
)


# The canonical form


@given(events)
def test_an_event_is_read_back_as_written(event: Event) -> None:
    body = encode(event)
    again = decode(body)
    assert again == event
    assert encode(again) == body
    assert {key: type(one) for key, one in again.detail.items()} == {
        key: type(one) for key, one in event.detail.items()
    }


@given(events)
def test_the_form_is_json_with_sorted_keys_and_nothing_between(event: Event) -> None:
    told = {one.name: getattr(event, one.name) for one in fields(event)}
    told |= {"kind": event.kind.value, "outcome": event.outcome.value}
    assert encode(event) == json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def test_a_tuple_is_written_as_a_list() -> None:
    assert decode(encode(replace(SEEN, detail={"roles": ("a", 1)}))).detail == {"roles": ["a", 1]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": -1},
        {"at": 253_402_300_800_000_000},
        {"at": True},
        {"at": 1.0},
        {"actor": None},
        {"act": 1},
        {"purpose": b"TREAT"},
        {"subject": "\ud800"},
        {"kind": "open"},
        {"outcome": "success"},
        {"detail": {1: "a"}},
        {"detail": {"a": {"b": 1}}},
        {"detail": {"a": [[1]]}},
        {"detail": {"a": float("nan")}},
        {"detail": {"a": [float("inf")]}},
        {"detail": {"a": 1 << 63}},
        {"detail": {"a": b"x"}},
        {"detail": {"a": "\udfff"}},
        {"detail": {"a": 1, 2: 3}},
    ],
)
def test_what_could_not_be_read_again_is_not_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="cannot be written") as raised:
        encode(replace(SEEN, **wrong))
    assert raised.value.__suppress_context__


def damaged() -> Iterator[bytes]:
    good = encode(SEEN)
    told = json.loads(good)
    yield from (b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, good + b" ", b" " + good, good[:-1], good + good)
    yield good.replace(b'"act":', b'"act": ')
    yield good.replace(b"view", b"\\u0076iew")
    yield good.replace(b'{"act":"view"', b'{"act":"view","act":"view"')
    yield good.replace(b'"r1"', b"NaN")
    yield good.replace(b'"r1"', b"1E5")
    yield good.replace(b'"r1"', b'{"a":1}')
    yield good.replace(b'"r1"', b"9" * 5000)
    for name in told:
        yield json.dumps({**told, name: None}, separators=(",", ":")).encode()
        yield json.dumps({key: one for key, one in told.items() if key != name}, separators=(",", ":")).encode()
    yield json.dumps({**told, "more": 1}, sort_keys=True, separators=(",", ":")).encode()
    yield json.dumps({**told, "kind": "unheard of"}, separators=(",", ":")).encode()
    yield json.dumps({**told, "kind": ["open"]}, separators=(",", ":")).encode()
    yield json.dumps({**told, "detail": ["a"]}, separators=(",", ":")).encode()


@pytest.mark.parametrize("body", list(damaged()), ids=range(len(list(damaged()))))
def test_anything_but_the_canonical_form_is_refused(body: bytes) -> None:
    with pytest.raises(TamperError) as raised:
        decode(body)
    assert raised.value.__cause__ is None
    assert "view" not in str(raised.value)


# Sealing


@given(events, st.integers(0, (1 << 63) - 1))
def test_a_sealed_entry_opens_to_its_event(event: Event, seq: int) -> None:
    sealer = EntrySealer(KEY)
    entry = sealer.seal(seq, event)
    assert (entry.seq, entry.at) == (seq, event.at)
    assert sealer.open(entry) == event
    assert sealer.unseal(entry, leaf_bytes(entry)) == encode(event)
    assert EntrySealer(KEY).open(entry) == event


def test_nothing_of_the_event_shows() -> None:
    packed = leaf_bytes(EntrySealer(KEY).seal(3, SEEN))
    for word in (b"dr-7", b"patient-9", b"view", b"TREAT", b"open", b"r1"):
        assert word not in packed


def test_no_two_sealings_are_alike() -> None:
    sealer = EntrySealer(KEY)
    bodies = [sealer.seal(3, SEEN).body for _ in range(100)]
    assert len({body[:12] for body in bodies}) == len(set(bodies)) == 100


@given(st.integers(0, 10**6))
@settings(max_examples=3, deadline=None)
def test_every_flipped_bit_is_seen(seq: int) -> None:
    sealer = EntrySealer(KEY)
    entry = sealer.seal(seq, SEEN)
    told = r"entry \d+ was changed"
    for name in ("subject_tag", "actor_tag", "body"):
        good = getattr(entry, name)
        for bit in range(len(good) * 8):
            changed = bytearray(good)
            changed[bit // 8] ^= 1 << bit % 8
            other = replace(entry, **{name: bytes(changed)})
            assert leaf_bytes(other) != leaf_bytes(entry)
            with pytest.raises(TamperError, match=told):
                sealer.open(other)
    for name in ("seq", "at"):
        for bit in range(64):
            other = replace(entry, **{name: getattr(entry, name) ^ (1 << bit)})
            assert leaf_bytes(other) != leaf_bytes(entry)
            with pytest.raises(TamperError, match=told):
                sealer.open(other)


def test_the_message_names_the_number() -> None:
    entry = EntrySealer(KEY).seal(41, SEEN)
    with pytest.raises(TamperError, match="entry 41 was changed, or sealed with another key"):
        EntrySealer(bytes(32)).open(entry)
    for length in (0, 5, 12, 20, 27):
        with pytest.raises(TamperError, match="entry 41 was changed"):
            EntrySealer(KEY).open(replace(entry, body=entry.body[:length]))


def test_bytes_moved_between_the_fields_are_seen() -> None:
    # The same bytes in a row, cut elsewhere: the lengths in the header tell them apart.
    entry = EntrySealer(KEY).seal(1, SEEN)
    moved = replace(entry, subject_tag=entry.subject_tag + entry.actor_tag[:4], actor_tag=entry.actor_tag[4:])
    longer = replace(entry, actor_tag=entry.actor_tag + entry.body[:4], body=entry.body[4:])
    assert len({leaf_bytes(one) for one in (entry, moved, longer)}) == 3
    for one in (moved, longer):
        with pytest.raises(TamperError):
            EntrySealer(KEY).open(one)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": -1},
        {"seq": 1 << 64},
        {"at": -1},
        {"at": 1 << 64},
        {"subject_tag": bytes(256)},
        {"actor_tag": bytes(999)},
        {"body": "text"},
        {"body": None},
        {"at": "noon"},
        {"actor_tag": None},
    ],
)
def test_a_row_that_can_be_no_entry_is_tampering(wrong: dict[str, Any]) -> None:
    other = replace(EntrySealer(KEY).seal(1, SEEN), **wrong)
    for act in (EntrySealer(KEY).open, leaf_bytes):
        with pytest.raises(TamperError, match="was changed"):
            act(other)


def test_an_entry_that_opens_to_no_event_is_named() -> None:
    sealer = EntrySealer(KEY)
    entry = sealer.seal(6, SEEN)
    header = leaf_bytes(entry)[: -len(entry.body)]
    key = hkdf(b"suwen audit 1 entry " + bytes(8))
    body = bytes(12) + AESGCM(key).encrypt(bytes(12), b"{}", header)
    with pytest.raises(TamperError, match="entry 6 does not hold an event"):
        sealer.open(replace(entry, body=body))


@pytest.mark.parametrize("seq", [-1, 1 << 63])
def test_a_number_that_is_none_is_refused(seq: int) -> None:
    with pytest.raises(InputError, match="not the number"):
        EntrySealer(KEY).seal(seq, SEEN)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="32 bytes"):
        EntrySealer(bytes(length))


def test_entries_of_different_epochs_have_different_keys() -> None:
    # One fixed nonce: under one key the two ciphertexts would begin alike.
    sealer = EntrySealer(KEY, random=bytes)
    last, first = sealer.seal((1 << 24) - 1, SEEN), sealer.seal(1 << 24, SEEN)
    assert sealer.seal(0, SEEN).body[:50] == last.body[:50]
    assert last.body[:12] == first.body[:12]
    assert last.body[12:50] != first.body[12:50]


# Tags


def test_tags_find_the_entries_of_one_person() -> None:
    sealer = EntrySealer(KEY)
    one, other = sealer.seal(1, SEEN), sealer.seal(2, replace(SEEN, actor="dr-8"))
    assert one.subject_tag == other.subject_tag == sealer.subject_tag("patient-9")
    assert one.actor_tag == sealer.actor_tag("dr-7") != other.actor_tag
    assert len(one.subject_tag) == len(one.actor_tag) == 16
    # A clinician who is also a patient is not seen to be one, and another key gives other tags.
    assert sealer.subject_tag("dr-7") != sealer.actor_tag("dr-7")
    assert EntrySealer(bytes(32)).subject_tag("patient-9") != one.subject_tag


def test_nobody_has_no_tag() -> None:
    entry = EntrySealer(KEY).seal(1, replace(SEEN, subject="", actor=""))
    assert (entry.subject_tag, entry.actor_tag) == (b"", b"")
    assert EntrySealer(KEY).open(entry).actor == ""


# The format, computed here a second time from its description


def hkdf(info: bytes, key: bytes = KEY) -> bytes:
    secret = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(secret, info + b"\x01", "sha256")


def test_an_entry_is_what_the_format_says() -> None:
    sealer = EntrySealer(KEY, random=lambda size: b"\x07" * size)
    seq = (3 << 24) + 5
    entry = sealer.seal(seq, SEEN)
    subject = hmac.digest(hkdf(b"suwen audit 1 subject tag"), b"patient-9", "sha256")[:16]
    actor = hmac.digest(hkdf(b"suwen audit 1 actor tag"), b"dr-7", "sha256")[:16]
    header = b"suwen audit entry 1\n" + struct.pack(">QQBB", seq, SEEN.at, 16, 16) + subject + actor
    cipher = AESGCM(hkdf(b"suwen audit 1 entry " + (3).to_bytes(8, "big")))
    body = b"\x07" * 12 + cipher.encrypt(b"\x07" * 12, encode(SEEN), header)
    assert entry == SealedEntry(seq, SEEN.at, subject, actor, body)
    assert leaf_bytes(entry) == header + body
    assert leaf_hash(leaf_bytes(entry)) == sha256(b"\x00" + header + body).digest()


def test_golden_entries_are_readable_for_ever() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden["format"] == 1
    assert len(golden["entries"]) >= 4
    for told in golden["entries"]:
        key, nonce = bytes.fromhex(golden["key"]), bytes.fromhex(told["nonce"])
        names = ("subject_tag", "actor_tag", "body")
        entry = SealedEntry(told["seq"], told["at"], *(bytes.fromhex(told[name]) for name in names))
        event = decode(told["event"].encode())
        assert EntrySealer(key).open(entry) == event
        assert leaf_bytes(entry).hex() == told["leaf_bytes"]
        assert leaf_hash(leaf_bytes(entry)).hex() == told["leaf_hash"]
        assert EntrySealer(key, random=lambda _size, fixed=nonce: fixed).seal(told["seq"], event) == entry


def test_the_names_of_kinds_and_outcomes_never_change() -> None:
    # Taken away or renamed, entries with them could no longer be read. New ones may be added.
    kinds = {
        "decision", "open", "query", "seal", "export", "erase", "key", "login", "logout", "account", "role", "care",
        "device", "break glass", "review", "backup", "restore", "verify", "check", "audit", "start", "stop",
    }  # fmt: skip
    assert kinds <= {kind.value for kind in EventKind}
    assert {"permit", "deny", "success", "failure"} <= {outcome.value for outcome in Outcome}
