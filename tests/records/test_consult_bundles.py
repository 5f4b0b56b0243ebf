"""Bundles: a record handed to another hospital arrives whole there, and nowhere else."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ward import Ward, open_ward

from suwen.consult.bundles import export_bundle, import_bundle
from suwen.consult.chart import Draft, open_patient, write_records
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.patients import list_my_patients
from suwen.errors import AccessError, FormatError, InputError, SuwenError, TamperError
from suwen.govern.keys import hospital_public_key, log_public_key
from suwen.govern.upkeep import check_store, verify_store
from suwen.records.access import Role

MRI = os.urandom(9_000_000)  # more than one part of 8 MiB


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "there") as other:
        yield other


def sent(here: Ward, there: Ward, out: Path) -> tuple[str, bytes]:
    """A patient with records and two images, exported to `there`."""
    patient = here.patient(7, records=5)
    doctor = here[Role.PHYSICIAN]
    images = [Image([MRI], len(MRI), 1 << 16), Image([b""], 0)]
    store_images(doctor, here.records, patient, kind="MRI", payload=b"{}", images=images)
    export_bundle(doctor, here.records, patient, recipient=hospital_public_key(there.records), out=out)
    return patient, out.read_bytes()


def taken(there: Ward, bundle: bytes, here: Ward) -> str:
    return import_bundle(there[Role.PHYSICIAN], there.records, io.BytesIO(bundle), sender=log_public_key(here.records))


def test_everything_arrives_and_both_stores_are_whole(ward: Ward, there: Ward, tmp_path: Path) -> None:
    patient, bundle = sent(ward, there, tmp_path / "out.bundle")
    arrived = taken(there, bundle, ward)
    before = open_patient(ward[Role.PHYSICIAN], ward.records, patient)
    after = open_patient(there[Role.PHYSICIAN], there.records, arrived)
    assert sorted((one.kind, one.payload) for one in after) == sorted((one.kind, one.payload) for one in before)
    (scan,) = [one for one in after if one.kind == "MRI"]
    read = [
        b"".join(open_image(there[Role.PHYSICIAN], there.records, arrived, scan.id, image=i)) for i, _ in scan.images
    ]
    assert read == [MRI, b""]
    assert [one.id for one in list_my_patients(there[Role.PHYSICIAN], there.records)] == [arrived]
    for one in (ward, there):
        assert verify_store(one[Role.ADMINISTRATOR], one.records).faults == []


def test_a_patient_known_there_gets_the_records_added_only_by_whoever_treats_them(
    ward: Ward, there: Ward, tmp_path: Path
) -> None:
    known = there.patient(7, records=1)
    _, bundle = sent(ward, there, tmp_path / "out.bundle")
    assert taken(there, bundle, ward) == known
    assert len(open_patient(there[Role.PHYSICIAN], there.records, known)) == 2 + 6
    stranger = there.hire("stranger", Role.PHYSICIAN)
    with pytest.raises(AccessError):
        import_bundle(stranger, there.records, io.BytesIO(bundle), sender=log_public_key(ward.records))


def test_a_bundle_is_taken_in_once(ward: Ward, there: Ward, tmp_path: Path) -> None:
    _, bundle = sent(ward, there, tmp_path / "out.bundle")
    arrived = taken(there, bundle, ward)
    with pytest.raises(InputError, match="before"):
        taken(there, bundle, ward)
    assert len(open_patient(there[Role.PHYSICIAN], there.records, arrived)) == 7
    assert check_store(there[Role.ADMINISTRATOR], there.records, grace=0).nothing


def test_only_those_who_may_export_do_and_the_file_is_whole_or_not_there(
    ward: Ward, there: Ward, tmp_path: Path
) -> None:
    patient = ward.patient(7, records=1)
    out, key = tmp_path / "out.bundle", hospital_public_key(there.records)
    for role in (Role.NURSE, Role.ADMINISTRATOR):
        with pytest.raises(AccessError):
            export_bundle(ward[role], ward.records, patient, recipient=key, out=out)
    with pytest.raises(FormatError):
        export_bundle(ward[Role.PHYSICIAN], ward.records, patient, recipient=key[:-9], out=out)
    assert list(tmp_path.glob("*out*")) == []


@pytest.mark.parametrize("damage", ["flipped", "cut", "cut at the end", "not ours", "not theirs"])
def test_a_bundle_that_is_not_right_leaves_nothing(ward: Ward, there: Ward, tmp_path: Path, damage: str) -> None:
    _, bundle = sent(ward, there, tmp_path / "out.bundle")
    if damage == "flipped":
        bundle = bundle[:-2_000_000] + bytes([bundle[-2_000_000] ^ 1]) + bundle[-1_999_999:]
    if damage == "cut":
        bundle = bundle[:-1_000_000]
    if damage == "cut at the end":  # after the first image was stored
        bundle = bundle[:-20]
    target, sender = (ward, ward) if damage == "not ours" else (there, there if damage == "not theirs" else ward)
    with pytest.raises((TamperError, InputError)):
        taken(target, bundle, sender)
    assert list_my_patients(there[Role.PHYSICIAN], there.records) == []
    assert check_store(there[Role.ADMINISTRATOR], there.records, grace=0).nothing
    assert verify_store(there[Role.ADMINISTRATOR], there.records).faults == []


def test_no_flipped_bit_of_a_small_bundle_is_taken_in(ward: Ward, there: Ward, tmp_path: Path) -> None:
    patient = ward.patient(9)
    write_records(ward[Role.PHYSICIAN], ward.records, patient, [Draft("Note", b"short")])
    out = tmp_path / "small.bundle"
    export_bundle(ward[Role.PHYSICIAN], ward.records, patient, recipient=hospital_public_key(there.records), out=out)
    bundle = out.read_bytes()
    for bit in range(0, len(bundle) * 8, 101):
        changed = bytearray(bundle)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SuwenError):
            taken(there, bytes(changed), ward)
    assert list_my_patients(there[Role.PHYSICIAN], there.records) == []
