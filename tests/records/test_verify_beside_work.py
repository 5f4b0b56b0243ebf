"""Verifying a store in use: what others write, renew and erase meanwhile is no fault, and what is wrong still is."""

from __future__ import annotations

import os

from ward import Ward

from suwen.consult.chart import Draft, write_records
from suwen.consult.images import Image, store_images
from suwen.govern.keys import rotate_data_keys
from suwen.records.access import Role
from suwen.records.store.whole import verify


def with_image(ward: Ward, number: int) -> str:
    patient, scan = ward.patient(number, records=2), os.urandom(5000)
    images = [Image([scan], len(scan), 4096)]
    store_images(ward[Role.PHYSICIAN], ward.records, patient, kind="CT", payload=b"{}", images=images)
    return patient


def test_what_is_written_and_renewed_while_it_is_verified_is_no_fault(either_ward: Ward) -> None:
    ward = either_ward
    patients = [with_image(ward, number) for number in (1, 2, 3)]
    moments = []

    def meanwhile(what: str, done: int, _all: int) -> None:
        if what == "patients" and done == 1:  # the others come after this
            moments.append(done)
            for patient in patients:
                write_records(ward[Role.PHYSICIAN], ward.records, patient, [Draft("Note", b"meanwhile")])
            ward.patient(4, records=1)
            rotate_data_keys(ward[Role.SECURITY_OFFICER], ward.records)

    assert verify(ward.records.store, progress=meanwhile).faults == []
    assert moments == [1]
    assert verify(ward.records.store).faults == []


def test_an_object_that_is_really_gone_is_a_fault(ward: Ward) -> None:
    with_image(ward, 1)
    (name,) = [one.name for one in ward.records.store.blobs.all()]
    ward.records.store.blobs.delete([name])
    assert any("missing" in one.what for one in verify(ward.records.store).faults)
