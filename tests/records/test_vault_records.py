"""Sealed records, documents and charts: whatever is changed, moved, removed or set back is refused."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError, TamperError
from suwen.records.vault import (
    BlobRef,
    Chart,
    PatientKey,
    Place,
    derive,
    new_data_key,
    open_chart,
    open_document,
    open_record,
    seal_chart,
    seal_document,
    seal_record,
)

DATA_KEY = bytes(range(32))
PATIENT = bytes(range(100, 116))
RECORD = bytes(range(16))
KEY = PatientKey(DATA_KEY, patient=PATIENT, generation=3)
PLACE = Place(RECORD, 2, 1_800_000_000_000_000)
KIND = "Observation"
PAYLOAD = "血压 120/80".encode()
TAG = KEY.type_tag(KIND)

ids = st.binary(min_size=16, max_size=16)
refs = st.builds(BlobRef, ids, st.integers(0, (1 << 64) - 1))
places = st.builds(Place, ids, st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 64) - 1), st.booleans())
kinds = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def other_bits(whole: bytes) -> Iterator[bytes]:
    """The same bytes with one bit flipped, for every bit."""
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


# Records


@given(ids, ids, st.integers(0, (1 << 32) - 1), places, kinds, st.binary(max_size=300), st.lists(refs, max_size=5))
def test_a_record_opens_as_it_was_sealed(
    data_key: bytes,
    patient: bytes,
    generation: int,
    place: Place,
    kind: str,
    payload: bytes,
    blobs: Sequence[BlobRef],
) -> None:
    key = PatientKey(data_key * 2, patient=patient, generation=generation)
    sealed = seal_record(key, place, kind, payload, blobs=blobs)
    again = PatientKey(data_key * 2, patient=patient, generation=generation)
    assert open_record(again, place, again.type_tag(kind), sealed) == (kind, tuple(blobs), payload)


def test_sealing_twice_gives_different_bytes_and_shows_no_plaintext() -> None:
    one, other = (seal_record(KEY, PLACE, KIND, PAYLOAD) for _ in range(2))
    assert one != other
    assert one[1:13] != other[1:13]  # the nonce
    assert PAYLOAD not in one
    assert KIND.encode() not in one


@given(st.data())
def test_a_record_opens_nowhere_else(data: st.DataObject) -> None:
    place = data.draw(places)
    sealed = seal_record(KEY, place, KIND, PAYLOAD)
    here = (KEY.patient, KEY.generation, *fields_of(place), TAG)
    there = (
        data.draw(ids),
        data.draw(st.integers(0, 9)),
        *fields_of(data.draw(places)),
        data.draw(st.binary(min_size=8, max_size=8)),
    )
    for index in range(len(here)):
        mixed = [*here[:index], there[index], *here[index + 1 :]]
        if mixed[index] == here[index]:
            continue
        key = PatientKey(DATA_KEY, patient=mixed[0], generation=mixed[1])
        with pytest.raises(TamperError):
            open_record(key, Place(*mixed[2:6]), mixed[6], sealed)


def fields_of(place: Place) -> tuple[bytes, int, int, bool]:
    return place.record, place.version, place.at, place.withdrawn


MOVED = [
    ("patient", PatientKey(DATA_KEY, patient=PATIENT[:-1] + b"x", generation=3), PLACE, TAG),
    ("generation", PatientKey(DATA_KEY, patient=PATIENT, generation=4), PLACE, TAG),
    ("key", PatientKey(DATA_KEY[:-1] + b"x", patient=PATIENT, generation=3), PLACE, TAG),
    ("record", KEY, replace(PLACE, record=RECORD[:-1] + b"x"), TAG),
    ("version", KEY, replace(PLACE, version=3), TAG),
    ("time", KEY, replace(PLACE, at=PLACE.at + 1), TAG),
    ("withdrawn", KEY, replace(PLACE, withdrawn=True), TAG),
    ("type tag", KEY, PLACE, KEY.type_tag("Condition")),
    # a changed row of a database that does not hold columns to their length or range
    ("longer record id", KEY, replace(PLACE, record=RECORD + b"x"), TAG),
    ("shorter record id", KEY, replace(PLACE, record=RECORD[:-1]), TAG),
    ("longer type tag", KEY, PLACE, TAG + b"\0"),
    ("shorter type tag", KEY, PLACE, TAG[:-1]),
    ("negative version", KEY, replace(PLACE, version=-2), TAG),
    ("negative time", KEY, replace(PLACE, at=-1), TAG),
    ("version too large", KEY, replace(PLACE, version=1 << 32), TAG),
]


@pytest.mark.parametrize(("key", "place", "tag"), [one[1:] for one in MOVED], ids=[one[0] for one in MOVED])
def test_a_record_is_bound_to(key: PatientKey, place: Place, tag: bytes) -> None:
    sealed = seal_record(KEY, PLACE, KIND, PAYLOAD)
    assert open_record(KEY, PLACE, TAG, sealed)[2] == PAYLOAD
    with pytest.raises(TamperError):
        open_record(key, place, tag, sealed)


def test_padding_zeros_cannot_be_taken_off_an_id_or_a_tag() -> None:
    """Packing in fixed widths fills up with zeros, so an id or tag that ends with them could be shortened unseen."""
    place = replace(PLACE, record=RECORD[:-1] + b"\0")
    sealed = seal_record(KEY, place, KIND, PAYLOAD)
    for changed in (place.record[:-1], place.record + b"\0"):
        with pytest.raises(TamperError):
            open_record(KEY, replace(place, record=changed), TAG, sealed)


def test_every_flipped_bit_and_every_cut_of_a_record_is_refused() -> None:
    sealed = seal_record(KEY, PLACE, KIND, PAYLOAD, blobs=[BlobRef(RECORD, 7)])
    for changed in [*other_bits(sealed), *(sealed[:size] for size in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(TamperError):
            open_record(KEY, PLACE, TAG, changed)


def test_a_record_holds_65535_blobs_and_no_more() -> None:
    most = [BlobRef(RECORD, 1)] * 0xFFFF
    assert open_record(KEY, PLACE, TAG, seal_record(KEY, PLACE, KIND, b"", blobs=most))[1] == tuple(most)
    with pytest.raises(InputError, match="65535"):
        seal_record(KEY, PLACE, KIND, b"", blobs=[*most, most[0]])
    with pytest.raises(InputError, match="65535"):
        seal_record(KEY, PLACE, "x" * 0x10000, b"")


@pytest.mark.parametrize("size", [15, 17])
def test_a_blob_id_of_another_length_is_not_sealed(size: int) -> None:
    with pytest.raises(InputError, match="16 bytes"):
        seal_record(KEY, PLACE, KIND, b"", blobs=[BlobRef(bytes(size), 1)])


def test_type_tags_tell_types_apart_and_nothing_without_the_key() -> None:
    assert len(TAG) == 8
    assert PatientKey(DATA_KEY, patient=PATIENT, generation=3).type_tag(KIND) == TAG
    assert KEY.type_tag("Condition") != TAG
    assert PatientKey(new_data_key(), patient=PATIENT, generation=3).type_tag(KIND) != TAG


def test_a_record_has_the_bytes_that_the_format_says() -> None:
    """Opened here from the written format alone, without the code of the vault."""
    sealed = seal_record(KEY, PLACE, KIND, PAYLOAD, blobs=[BlobRef(RECORD, 7)])
    cipher, tagging = (HKDF(SHA256(), 32, None, info).derive(DATA_KEY) for info in (b"suwen record 1", b"suwen type 1"))
    tag = hmac.digest(tagging, KIND.encode(), "sha256")[:8]
    said = b"suwen record 1" + PATIENT + struct.pack(">I", 3) + RECORD + struct.pack(">IQB", 2, PLACE.at, 0) + tag
    envelope = b"\x00\x0b" + KIND.encode() + b"\x00\x01" + RECORD + bytes(7) + b"\x07" + PAYLOAD
    assert sealed[:1] == b"\x01"
    assert AESGCM(cipher).decrypt(sealed[1:13], sealed[13:], said) == envelope


# Documents

BOUND = (b"account", RECORD, b"", b"tag", (7).to_bytes(8, "big"))


@given(st.lists(st.binary(max_size=20), max_size=6), st.binary(max_size=200))
def test_a_document_opens_as_it_was_sealed(bound: Sequence[bytes], plain: bytes) -> None:
    assert open_document(KEY.cipher, bound, seal_document(KEY.cipher, bound, plain)) == plain


@given(st.lists(st.binary(max_size=3), max_size=4), st.lists(st.binary(max_size=3), max_size=4))
def test_a_document_opens_only_with_what_it_is_bound_to(bound: list[bytes], other: list[bytes]) -> None:
    sealed = seal_document(KEY.cipher, bound, PAYLOAD)
    if bound != other:
        with pytest.raises(TamperError):
            open_document(KEY.cipher, other, sealed)


@pytest.mark.parametrize(
    "other",
    [
        (b"session", *BOUND[1:]),
        (*BOUND[:4], (8).to_bytes(8, "big")),
        (*BOUND[:2], b"tag", b"", BOUND[4]),  # the two look-up tags swapped
        (b"accoun", b"t" + RECORD, *BOUND[2:]),  # the same bytes, cut elsewhere
        BOUND[:4],
        (*BOUND, b""),
    ],
)
def test_a_document_is_bound_to_each_part_and_where_it_ends(other: Sequence[bytes]) -> None:
    sealed = seal_document(KEY.cipher, BOUND, PAYLOAD)
    with pytest.raises(TamperError):
        open_document(KEY.cipher, other, sealed)


def test_every_flipped_bit_and_every_cut_of_a_document_is_refused() -> None:
    sealed = seal_document(KEY.cipher, BOUND, PAYLOAD)
    for changed in [*other_bits(sealed), *(sealed[:size] for size in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(TamperError):
            open_document(KEY.cipher, BOUND, changed)


def test_a_document_is_not_taken_for_a_record() -> None:
    sealed = seal_document(KEY.cipher, BOUND, PAYLOAD)
    with pytest.raises(TamperError):
        open_record(KEY, PLACE, TAG, sealed)


# Charts

Row = tuple[bytes, int, bytes]
rows = st.lists(st.tuples(ids, st.integers(0, (1 << 32) - 1), st.binary(min_size=16, max_size=40)), max_size=12)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_additions_does_not_matter(some: list[Row], rng: object) -> None:
    shuffled = list(some)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    half = len(some) // 2
    whole = Chart().plus(KEY, some)
    assert whole == Chart().plus(KEY, shuffled)
    assert whole == Chart().plus(KEY, shuffled[half:]).plus(KEY, shuffled[:half])
    assert whole.count == len(some)


@given(rows, st.data())
def test_a_row_removed_added_or_set_back_changes_the_chart(some: list[Row], data: st.DataObject) -> None:
    whole = Chart().plus(KEY, some)
    added = data.draw(rows.filter(bool))
    assert whole != whole.plus(KEY, added)
    if some:
        index = data.draw(st.integers(0, len(some) - 1))
        left = [*some[:index], *some[index + 1 :]]
        record, version, sealed = some[index]
        assert whole != Chart().plus(KEY, left)
        # one gone and another twice: the number is right, the sum is not
        for instead in (
            (record, version ^ 1, sealed),
            (record, version, sealed[:-1] + bytes([sealed[-1] ^ 1])),
            added[0],
        ):
            if (instead[0], instead[1], instead[2][-16:]) != (record, version, sealed[-16:]):
                assert whole != Chart().plus(KEY, [*left, instead])


def test_a_version_put_back_over_its_successor_is_noticed() -> None:
    first, second = (seal_record(KEY, replace(PLACE, version=one), KIND, PAYLOAD) for one in (1, 2))
    chart = Chart().plus(KEY, [(RECORD, 1, first), (RECORD, 2, second)])
    assert chart != Chart().plus(KEY, [(RECORD, 1, first)])
    assert chart != Chart().plus(KEY, [(RECORD, 1, first), (RECORD, 2, first)])
    assert chart != Chart().plus(KEY, [(RECORD, 1, first), (RECORD, 1, first)])
    assert chart != Chart().plus(KEY, [(RECORD, 1, second), (RECORD, 2, first)])


@pytest.mark.parametrize(
    "row",
    [(RECORD + b"x", 1, bytes(16)), (RECORD[:15], 1, bytes(16)), (RECORD, -1, bytes(16)), (RECORD, 1 << 32, bytes(16))],
)
def test_a_row_that_nobody_can_have_written_is_refused(row: Row) -> None:
    with pytest.raises(TamperError):
        Chart().plus(KEY, [row])


@given(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 256) - 1), st.integers(0, (1 << 64) - 1))
def test_a_chart_opens_as_it_was_sealed(count: int, total: int, revision: int) -> None:
    chart = Chart(count, total)
    assert open_chart(KEY, seal_chart(KEY, chart, revision), revision) == chart


@pytest.mark.parametrize(
    ("key", "revision"),
    [
        (KEY, 4),
        (KEY, 6),
        (KEY, -5),
        (PatientKey(DATA_KEY, patient=RECORD, generation=3), 5),
        (PatientKey(DATA_KEY, patient=PATIENT, generation=2), 5),
        (PatientKey(bytes(32), patient=PATIENT, generation=3), 5),
    ],
)
def test_a_chart_of_another_revision_patient_generation_or_key_is_refused(key: PatientKey, revision: int) -> None:
    sealed = seal_chart(KEY, Chart(1, 2), 5)
    with pytest.raises(TamperError):
        open_chart(key, sealed, revision)


def test_every_flipped_bit_and_every_cut_of_a_chart_is_refused() -> None:
    sealed = seal_chart(KEY, Chart(1, 2), 5)
    for changed in [*other_bits(sealed), *(sealed[:size] for size in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(TamperError):
            open_chart(KEY, changed, 5)


@settings(max_examples=25)
@given(rows)
def test_the_sum_is_the_multiset_hash_that_the_format_says(some: list[Row]) -> None:
    key = HKDF(SHA256(), 32, None, b"suwen chart 1").derive(DATA_KEY)
    total = 0
    for record, version, sealed in some:
        said = hmac.new(key, record + struct.pack(">I", version) + sealed[-16:], hashlib.sha256).digest()
        total += int.from_bytes(said, "big")
    assert Chart().plus(KEY, some) == Chart(len(some), total % (1 << 256))


# Keys


@given(st.binary(min_size=32, max_size=32), st.text(max_size=20), st.text(max_size=20))
def test_two_uses_never_share_a_key(key: bytes, use: str, other: str) -> None:
    use, other = (one.encode("utf-8", "replace").decode() for one in (use, other))
    derived = derive(key, use)
    assert len(derived) == 32
    assert derived == derive(key, use.encode())
    assert (derived == derive(key, other)) == (use == other)
    assert derived != derive(key, use, salt=b"another")


def test_data_keys_are_of_32_random_bytes() -> None:
    made = {new_data_key() for _ in range(50)}
    assert len(made) == 50
    assert {len(one) for one in made} == {32}
