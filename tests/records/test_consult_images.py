"""Images and signals: any slice, all or none of them, and nothing left behind by what failed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ward import Ward
from watch import audited, length, rows

from suwen.consult.chart import Draft, open_patient, withdraw_record, write_records
from suwen.consult.images import Image, open_image, store_images
from suwen.errors import ConflictError, InputError, NotFoundError, StoreError, TamperError
from suwen.govern.keys import rotate_data_keys
from suwen.govern.upkeep import check_store, clean_store, verify_store
from suwen.records.access import Role
from suwen.records.audit import EventKind

CHUNK = 4096


def objects(ward: Ward) -> list[str]:
    return sorted(one.name for one in ward.records.store.blobs.all())


def store(ward: Ward, patient: str, *images: Image) -> tuple[str, list[str]]:
    """Record and images, stored by the physician."""
    made = store_images(ward[Role.PHYSICIAN], ward.records, patient, kind="ImagingStudy", payload=b"{}", images=images)
    return made.id, [id_ for id_, _ in made.images]


def test_any_slice_of_any_image(either_ward: Ward) -> None:
    """Proves slices at, across and beside chunk borders, empty images and whole ones, each as it was given."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    big = os.urandom(3 * CHUNK + 100)
    parts: list[bytes | memoryview] = [big[:10], memoryview(big)[10 : CHUNK + 1], big[CHUNK + 1 :]]
    record, (first, second) = store(ward, patient, Image(parts, len(big), CHUNK), Image([], 0, CHUNK))
    for start, end in ((0, None), (0, 1), (CHUNK - 1, CHUNK + 1), (CHUNK, 2 * CHUNK), (len(big) - 1, None), (5, 5)):
        found = open_image(physician, ward.records, patient, record, image=first, span=(start, end))
        assert b"".join(found) == big[start:end]
    assert b"".join(open_image(physician, ward.records, patient, record, image=second)) == b""
    for outside in ((0, len(big) + 1), (-1, 5), (7, 3)):
        with pytest.raises(InputError):
            list(open_image(physician, ward.records, patient, record, image=first, span=outside))
    (listed,) = open_patient(physician, ward.records, patient, kinds=["ImagingStudy"])
    assert listed.images == ((first, len(big)), (second, 0))


def test_opening_is_audited_before_a_byte_is_read(ward: Ward) -> None:
    """Proves that the log says which image and slice was opened, also when nobody reads on."""
    patient = ward.patient(1)
    record, (image,) = store(ward, patient, Image([b"pixels"], 6))
    stood = length(ward)
    open_image(ward[Role.PHYSICIAN], ward.records, patient, record, image=image, span=(1, 3))
    (opened,) = [one for one in audited(ward, stood, subject=patient) if one.kind is EventKind.OPEN]
    assert (opened.detail["image"], opened.detail["start"], opened.detail["end"]) == (image, 1, 3)


def test_unknown_images_are_not_found(either_ward: Ward) -> None:
    """Proves that an id nobody has, a record without images and another record's image are not found."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    record, (image,) = store(ward, patient, Image([b"x"], 1))
    other, _ = store(ward, patient, Image([b"y"], 1))
    (note,) = write_records(physician, ward.records, patient, [Draft("Note", b"")])
    for where, what in ((record, "ab" * 16), (record, ""), (note.id, image), (other, image), ("ab" * 16, image)):
        with pytest.raises(NotFoundError):
            open_image(physician, ward.records, patient, where, image=what)
    withdraw_record(physician, ward.records, patient, record, base=1)
    assert b"".join(open_image(physician, ward.records, patient, record, image=image)) == b"x"  # history stays


def failing() -> Iterator[bytes]:
    yield b"x" * CHUNK
    raise OSError("the scanner was switched off")


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Image([b"x"], 2), InputError),
        (Image([b"xyz"], 2), InputError),
        (Image([], 1), InputError),
        (Image([b"x" * 5000, b"y" * 5000], 9000, CHUNK), InputError),
        (Image([b"x"], 1, 1000), InputError),
        (Image([b"x"], 1, 1 << 30), InputError),
        (Image(failing(), 2 * CHUNK, CHUNK), StoreError),
    ],
)
def test_one_bad_image_leaves_no_record_and_no_object(ward: Ward, bad: Image, error: type[Exception]) -> None:
    """Proves that a wrong size, chunk or a source that fails stores nothing at all of the good ones before it."""
    patient = ward.patient(1)
    stored = rows(ward)
    with pytest.raises(error):
        store(ward, patient, Image([b"good"], 4), Image([b"good too"], 8), bad)
    assert rows(ward) == stored
    assert objects(ward) == []
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_a_key_renewed_meanwhile_is_a_conflict(either_ward: Ward) -> None:
    """Proves that images sealed under a key that was renewed before they were filed are refused, never unreadable."""
    ward = either_ward
    patient, stored = ward.patient(1), rows(either_ward)

    def slowly() -> Iterator[bytes]:
        yield b"x"
        rotate_data_keys(ward[Role.SECURITY_OFFICER], ward.records)
        yield b"y"

    ward[Role.SECURITY_OFFICER]
    stored = rows(ward)
    with pytest.raises(ConflictError, match="again"):
        store(ward, patient, Image(slowly(), 2))
    assert rows(ward) == stored
    record, (image,) = store(ward, patient, Image([b"xy"], 2))
    assert b"".join(open_image(ward[Role.PHYSICIAN], ward.records, patient, record, image=image)) == b"xy"
    clean_store(
        ward[Role.SECURITY_OFFICER],
        ward.records,
        check_store(ward[Role.SECURITY_OFFICER], ward.records, grace=-(10**10)),
    )
    assert len(objects(ward)) == 1
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_a_changed_object_is_told_while_reading(ward: Ward) -> None:
    """Proves that what was changed, cut off or removed in the objects never comes out as bytes of an image."""
    patient = ward.patient(1)
    record, (image,) = store(ward, patient, Image([b"x" * 10000], 10000, CHUNK))
    blobs, (name,) = ward.records.store.blobs, objects(ward)
    whole = b"".join(blobs.pieces(name))
    for damaged in (whole[:5000] + b"?" + whole[5001:], whole[:9000], b"", b"?" + whole[1:]):
        blobs.put(name, [damaged])
        with pytest.raises(TamperError):
            list(open_image(ward[Role.PHYSICIAN], ward.records, patient, record, image=image))
        assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults
    blobs.delete([name])
    with pytest.raises(TamperError, match="missing"):
        list(open_image(ward[Role.PHYSICIAN], ward.records, patient, record, image=image))
